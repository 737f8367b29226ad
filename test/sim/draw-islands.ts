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
 * operations at the beginning and at the end of each: what is wrong with who counts, and how many do, shows at once. Between
 * them, scenes that take several steps.
 */
export function drawIslands(draw: Draw, settings: Settings, chosen: readonly Feature[]): readonly Step[] {
  const steps: Step[] = [...drawStart(draw, settings, chosen)]
  let atMs = draw.pick([500, 1_500])
  const rounds = draw.whole(2, 8)
  const scenes = [
    drawHalfWrite,
    drawTurns,
    ...(chosen.includes('losses') ? [drawLossUnderWrite, drawLossUnderWrite] : []),
  ]
  for (let round = 0; round < rounds; round += 1) {
    const isScene = draw.chance(0.5)
    const scene = isScene ? draw.pick(scenes)(draw, settings, chosen, atMs) : drawRound(draw, settings, chosen, atMs)
    steps.push(...scene.steps)
    atMs = scene.endsAtMs + (draw.chance(0.3) ? draw.pick([500, 5_000]) : 0)
  }
  return steps
}

/** Who has not heard of every replica when the links are cut takes no part in what follows. */
function drawStart(draw: Draw, settings: Settings, chosen: readonly Feature[]): Step[] {
  return Array.from({ length: settings.processes }, (_, process) => ({
    ...drawOperation(draw, settings, chosen, { atMs: 0, among: 'reads' }),
    process,
  }))
}

interface Scene {
  readonly steps: readonly Step[]
  readonly endsAtMs: number
}

function drawRound(draw: Draw, settings: Settings, chosen: readonly Feature[], atMs: number): Scene {
  const spanMs = draw.pick([200, 700, 2_500, 7_000])
  const within = { atMs, spanMs }
  const hasLoss = chosen.includes('losses') && draw.chance(0.3)
  const steps = [
    ...drawCuts(draw, settings, within),
    // The loss comes before the first volley, or in the midst of it.
    ...(hasLoss ? drawLoss(draw, settings, within) : []),
    ...drawVolley(draw, settings, chosen, atMs),
    ...(spanMs > 4 * volleyMs ? drawVolley(draw, settings, chosen, atMs + spanMs - 2 * volleyMs) : []),
    ...drawFaults(draw, settings, chosen, within),
  ]
  return { steps, endsAtMs: atMs + spanMs }
}

function drawCuts(draw: Draw, settings: Settings, within: Round): LinkStep[] {
  const way = draw.pick(['both', 'both', 'both', 'back'] as const)
  const cuts: LinkStep[] = []
  for (let process = 0; process < settings.processes; process += 1) {
    cuts.push(...cutsBut(drawReached(draw, settings), process, settings, within).map((cut) => ({ ...cut, way })))
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
function drawLossUnderWrite(draw: Draw, settings: Settings, _chosen: readonly Feature[], atMs: number): Scene {
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
  return { steps: [...steps, ...reads], endsAtMs: atMs + 1_500 }
}

/**
 * A write arrives at one replica alone. Some of those who read reach that one and a few others, the rest reach all but that
 * one; meanwhile it is repaired, and others write what is newer.
 */
function drawHalfWrite(draw: Draw, settings: Settings, chosen: readonly Feature[], atMs: number): Scene {
  const spanMs = draw.pick([250, 600])
  const writer = draw.whole(0, settings.processes - 1)
  const half = draw.whole(0, settings.replicas - 1)
  const key = { keys: [draw.whole(0, settings.keys - 1)], ttlMs: null }
  const deaths = draw.pick([0, 0, 0.03])
  const steps: Step[] = [
    { ...drawOperation(draw, settings, chosen, { atMs: atMs + 1, among: 'writes' }), ...key, process: writer },
  ]
  for (let process = 0; process < settings.processes; process += 1) {
    const reached = process === writer ? new Set([half]) : drawNearOrFar(draw, settings, half)
    steps.push(...cutsBut(reached, process, settings, { atMs, spanMs }))
  }
  for (let afterMs = 5; afterMs < spanMs; afterMs += 10) {
    const among = draw.chance(0.1) ? 'writes' : 'reads'
    steps.push({ ...drawOperation(draw, settings, chosen, { atMs: atMs + afterMs, among }), ...key })
    // What a process has answered stays answered when it dies before it could do anything more about it.
    if (!draw.chance(deaths)) continue
    steps.push({ id: 0, do: 'restart', atMs: atMs + afterMs, process: draw.whole(0, settings.processes - 1), forMs: 0 })
  }
  return { steps, endsAtMs: atMs + spanMs }
}

function drawNearOrFar(draw: Draw, { replicas }: Settings, half: number): ReadonlySet<number> {
  const others = Array.from({ length: replicas }, (_, server) => server).filter((server) => server !== half)
  if (draw.chance(0.5)) return new Set(others)
  const first = draw.whole(0, others.length - 1)
  const also = [...others.slice(first), ...others.slice(0, first)].slice(0, Math.floor(replicas / 2))
  return new Set([half, ...also])
}

/** For all processes alike: one replica is cut off while one thing is written, another while the next is, a third while it is read. */
function drawTurns(draw: Draw, settings: Settings, chosen: readonly Feature[], atMs: number): Scene {
  const first = draw.whole(0, settings.replicas - 1)
  const turn = (place: number) => (first + place) % settings.replicas
  const pauseMs = draw.pick([600, 2_000, 6_000])
  const key = { keys: [draw.whole(0, settings.keys - 1)] }
  const readsAtMs = atMs + 600 + pauseMs
  const among = draw.pick(['deletes', 'deletes', 'writes'] as const)
  const steps: Step[] = [
    cutOf({ process: null, server: turn(0) }, { atMs, spanMs: 500 }),
    { ...drawOperation(draw, settings, chosen, { atMs: atMs + 1, among: 'writes' }), ...key, do: 'set', ttlMs: null },
    cutOf({ process: null, server: turn(1) }, { atMs: atMs + 600, spanMs: pauseMs }),
    { ...drawOperation(draw, settings, chosen, { atMs: atMs + 601, among }), ...key },
    { ...drawOperation(draw, settings, chosen, { atMs: atMs + 1_000, among }), ...key },
    cutOf({ process: null, server: turn(2) }, { atMs: readsAtMs, spanMs: 4_000 }),
  ]
  for (const afterMs of [1, 100, 500, 1_000, 1_500, 2_000, 3_000, 3_500]) {
    steps.push({ ...drawOperation(draw, settings, chosen, { atMs: readsAtMs + afterMs, among: 'reads' }), ...key })
  }
  return { steps, endsAtMs: readsAtMs + 4_000 }
}

function cutsBut(reached: ReadonlySet<number>, process: number, { replicas }: Settings, within: Round): LinkStep[] {
  const servers = Array.from({ length: replicas }, (_, server) => server).filter((server) => !reached.has(server))
  return servers.map((server) => cutOf({ process, server }, within))
}

function cutOf(link: Pick<LinkStep, 'process' | 'server'>, { atMs, spanMs }: Round): LinkStep {
  return { id: 0, do: 'link', atMs, ...link, kind: 'cut', way: 'both', forMs: spanMs, lateMs: 0 }
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
