import type { Draw } from './draw.ts'
import { drawFault, type Feature } from './draw-fault.ts'
import { drawOperation } from './draw-operation.ts'
import type { LinkStep, Settings, Step } from './plan.ts'

/** Reads that come this close together overtake what the store does behind them. */
const volleyMs = 150

interface Round {
  readonly atMs: number
  readonly spanMs: number
}

/**
 * Rounds in which each process reaches some replicas and not the others, so that quorums hardly overlap, with a volley of
 * operations at the beginning and at the end of each: what is wrong with who counts, and how many do, shows at once.
 */
export function drawIslands(draw: Draw, settings: Settings, chosen: readonly Feature[]): readonly Step[] {
  const steps: Step[] = []
  let atMs = draw.pick([0, 500])
  const rounds = draw.whole(2, 8)
  const losses = chosen.includes('losses') ? draw.pick([0, 0.6]) : 0
  for (let round = 0; round < rounds; round += 1) {
    const spanMs = draw.pick([200, 700, 2_500, 7_000])
    const within = { atMs, spanMs }
    if (draw.chance(losses / 2)) {
      steps.push(...drawLossUnderWrite(draw, settings, atMs))
      atMs += 1_500
      continue
    }
    steps.push(...drawCuts(draw, settings, within))
    // The loss comes before the first volley, or in the midst of it.
    if (draw.chance(losses)) steps.push(...drawLoss(draw, settings, within))
    steps.push(...drawVolley(draw, settings, chosen, atMs))
    if (spanMs > 4 * volleyMs) steps.push(...drawVolley(draw, settings, chosen, atMs + spanMs - 2 * volleyMs))
    steps.push(...drawFaults(draw, settings, chosen, within))
    atMs += spanMs + (draw.chance(0.3) ? draw.pick([500, 5_000]) : 0)
  }
  return steps
}

function drawCuts(draw: Draw, settings: Settings, { atMs, spanMs: forMs }: Round): LinkStep[] {
  const way = draw.pick(['both', 'both', 'both', 'back'] as const)
  const cuts: LinkStep[] = []
  for (let process = 0; process < settings.processes; process += 1) {
    const reached = drawReached(draw, settings)
    for (let server = 0; server < settings.replicas; server += 1) {
      if (reached.has(server)) continue
      cuts.push({ id: 0, do: 'link', atMs, process, server, kind: 'cut', way, forMs, lateMs: 0 })
    }
  }
  return cuts
}

/** A bare majority more often than not; any number else. */
function drawReached(draw: Draw, { replicas }: Settings): ReadonlySet<number> {
  const majority = Math.floor(replicas / 2) + 1
  const count = draw.chance(0.6) ? majority : draw.whole(1, replicas)
  const reached = new Set<number>()
  while (reached.size < count) reached.add(draw.whole(0, replicas - 1))
  return reached
}

/** A replica comes back empty, at once or soon. */
function drawLoss(draw: Draw, settings: Settings, { atMs }: Round): Step[] {
  const server = draw.whole(0, settings.replicas - 1)
  const forMs = draw.pick([0, 0, 100])
  return [{ id: 0, do: 'lose', atMs: atMs + draw.pick([0, 20, 60]), server, backMs: null, forMs }]
}

/**
 * A replica acknowledges a write and loses it, while the same write is held up on its way to another one. Meanwhile others, who
 * reach everything, may fill the empty one; what they read then does not come from where the write arrived.
 */
function drawLossUnderWrite(draw: Draw, settings: Settings, atMs: number): Step[] {
  const process = draw.whole(0, settings.processes - 1)
  const lost = draw.whole(0, settings.replicas - 1)
  const late = (lost + draw.whole(1, settings.replicas - 1)) % settings.replicas
  const link = { id: 0, do: 'link', atMs, way: 'there', lateMs: 0 } as const
  const steps: Step[] = [
    { ...link, process, server: late, kind: 'held', forMs: draw.pick([150, 270]) },
    { ...link, process: null, server: late, kind: 'cut', atMs: atMs + 320, forMs: 1_000 },
    { ...drawOperation(draw, settings, [], { atMs: atMs + 1, among: 'writes' }), process },
    { id: 0, do: 'lose', atMs: atMs + draw.pick([3, 15, 40]), server: lost, backMs: null, forMs: 0 },
  ]
  for (let server = 0; server < settings.replicas; server += 1) {
    if (server !== lost && server !== late) steps.push({ ...link, process, server, kind: 'cut', forMs: 300 })
  }
  const timesMs = [10, 20, 30, 45, 60, 350, 400, 500, 700, 900]
  const reads = timesMs.map((afterMs) => drawOperation(draw, settings, [], { atMs: atMs + afterMs, among: 'reads' }))
  return [...steps, ...reads]
}

/** A write or two, and many reads about them. */
function drawVolley(draw: Draw, settings: Settings, chosen: readonly Feature[], atMs: number): Step[] {
  const writes = draw.whole(1, 2)
  const others = draw.whole(2, 4 * settings.processes)
  return [
    ...Array.from({ length: writes }, () =>
      drawOperation(draw, settings, chosen, { atMs: atMs + draw.whole(0, 60), among: 'writes' }),
    ),
    ...Array.from({ length: others }, () =>
      drawOperation(draw, settings, chosen, {
        atMs: atMs + draw.whole(0, volleyMs),
        ...(draw.chance(0.7) ? { among: 'reads' } : {}),
      }),
    ),
  ]
}

function drawFaults(draw: Draw, settings: Settings, chosen: readonly Feature[], { atMs, spanMs }: Round): Step[] {
  const count = chosen.length === 0 ? 0 : draw.pick([0, 0, 1, 2])
  return Array.from({ length: count }, () => {
    const faultAtMs = atMs + (draw.chance(0.5) ? 0 : draw.whole(0, spanMs))
    return drawFault(draw, settings, chosen, { atMs: faultAtMs, burstMs: spanMs, gapMs: 1_000 })
  })
}
