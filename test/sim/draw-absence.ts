import type { Draw } from './draw.ts'
import { drawFault, type Feature } from './draw-fault.ts'
import { drawOperation, type OperationWish } from './draw-operation.ts'
import type { OperationStep, Settings, Step, SweepStep } from './plan.ts'

/** What goes on at a time: operations of any kind, or of one kind only. */
interface Spell extends OperationWish {
  readonly spanMs: number
}

interface Absence {
  readonly server: number
  readonly atMs: number
  readonly awayMs: number
}

/**
 * One replica is away, in one way or another, while much is deleted or replaced, and what died is purged; then it is back, with
 * what it held. Everything that keeps the dead buried has to hold here.
 */
export function drawAbsence(draw: Draw, settings: Settings, chosen: readonly Feature[]): readonly Step[] {
  const steps: Step[] = []
  let atMs = 0
  const visits = draw.whole(1, 2)
  for (let visit = 0; visit < visits; visit += 1) {
    steps.push(...drawSpell(draw, settings, chosen, { atMs, spanMs: 1_000, among: 'writes' }))
    steps.push(...drawSweeps(draw, settings, atMs + 2_000))
    const gapsMs = drawGapsMs(draw, settings)
    const awayMs = gapsMs.reduce((sum, gapMs) => sum + gapMs, 0)
    const absence = { server: draw.whole(0, settings.replicas - 1), atMs: atMs + 4_000, awayMs }
    steps.push(...drawAway(draw, settings, absence))
    steps.push(...drawMeanwhile(draw, settings, chosen, { ...absence, gapsMs }))
    atMs += 4_000 + awayMs
    steps.push(...drawReturn(draw, settings, chosen, atMs))
    atMs += 10_000
  }
  return steps
}

/** Gc grace and a bit in one go, then the notice of a purge, more often than not: else nothing is purged by age. */
function drawGapsMs(draw: Draw, { options: { gcGraceMs = 60_000 } }: Settings): readonly number[] {
  if (draw.chance(0.6)) return [1.2 * gcGraceMs, draw.pick([0.15, 0.5]) * gcGraceMs]
  return Array.from({ length: draw.whole(1, 3) }, () => draw.pick([0.05, 0.3, 0.6, 1.2]) * gcGraceMs)
}

/** Nobody reaches it, it is down, it comes back with what it held some time ago, or it is taken out and put back. */
function drawAway(draw: Draw, settings: Settings, { server, atMs, awayMs }: Absence): Step[] {
  const forMs = Math.max(0, awayMs - draw.pick([0, 50, 1_000]))
  // Where r and w follow n, it may be taken out.
  const mayBeOut = settings.options.w === undefined
  const how = mayBeOut && draw.chance(0.7) ? 'out' : draw.pick(['cut', 'crash', 'lose'] as const)
  switch (how) {
    case 'cut':
      return [{ id: 0, do: 'link', atMs, process: null, server, kind: 'cut', way: 'both', forMs, lateMs: 0 }]
    case 'crash':
      return [{ id: 0, do: 'server', atMs, server, what: 'crash', forMs }]
    case 'lose':
      return [{ id: 0, do: 'lose', atMs, server, backMs: draw.pick([null, 1_000, 5_000]), forMs }]
    case 'out': {
      const change = draw.pick(['remove', 'replace'] as const)
      const isByRestart = draw.chance(0.3)
      const place = draw.whole(0, settings.replicas - 1)
      return [
        { id: 0, do: 'member', atMs, change, isByRestart, server },
        { id: 0, do: 'member', atMs: atMs + forMs, change: 'return', isByRestart, server: place },
      ]
    }
  }
}

function drawMeanwhile(
  draw: Draw,
  settings: Settings,
  chosen: readonly Feature[],
  { atMs: beganAtMs, gapsMs }: Absence & { readonly gapsMs: readonly number[] },
): Step[] {
  const steps: Step[] = []
  let atMs = beganAtMs + 300
  // Reads repair, so that little of what a sweep does would be needed.
  const isReadFree = draw.chance(0.5)
  steps.push(...drawSpell(draw, settings, chosen, { atMs, spanMs: 1_000, among: draw.pick(['deletes', 'writes']) }))
  for (const [index, gapMs] of gapsMs.entries()) {
    atMs += gapMs
    // The last is the one that purges.
    steps.push(...drawSweeps(draw, settings, atMs - 2_000, index === gapsMs.length - 1 ? 0.5 : 0.1))
    if (isReadFree) continue
    if (draw.chance(0.4)) steps.push(...drawSpell(draw, settings, chosen, { atMs: atMs - 2_000, spanMs: 800 }))
    if (chosen.length === 0 || !draw.chance(0.3)) continue
    const times = { atMs: atMs - draw.whole(0, 2_000), burstMs: 1_000, gapMs }
    steps.push(drawFault(draw, settings, chosen, times))
  }
  return steps
}

/** Reads while it is not full yet, while it is being swept, and afterwards; then writes too. */
function drawReturn(draw: Draw, settings: Settings, chosen: readonly Feature[], atMs: number): Step[] {
  const spell = draw.chance(0.7) ? ({ atMs, spanMs: 400, among: 'reads' } as const) : { atMs, spanMs: 400 }
  return [
    ...drawSpell(draw, settings, chosen, spell),
    ...(draw.chance(0.7) ? drawSweeps(draw, settings, atMs + draw.whole(0, 1_500)) : []),
    ...drawSpell(draw, settings, chosen, { atMs: atMs + draw.pick([1_500, 8_000]), spanMs: 500, among: 'reads' }),
    ...drawSpell(draw, settings, chosen, { atMs: atMs + 8_500, spanMs: 1_000 }),
  ]
}

/** One by itself, or one that finds much going on. */
function drawSweeps(draw: Draw, settings: Settings, atMs: number, crowded = 0.2): Step[] {
  const process = draw.whole(0, settings.processes - 1)
  const sweep: SweepStep = { id: 0, do: 'sweep', atMs, process, kind: 'full', partition: 0, abortAfterMs: null }
  if (!draw.chance(crowded)) return [sweep]
  // One write a key: a second would meet what the first has left, and nothing that is dead.
  const keys = Array.from({ length: settings.keys }, (_, key) => key)
  const writes = keys.map((key) => {
    const operation = drawOperation(draw, settings, [], { atMs: atMs + draw.whole(0, 1_500), among: 'writes' })
    return { ...operation, keys: [key] }
  })
  return [sweep, ...writes]
}

function drawSpell(draw: Draw, settings: Settings, chosen: readonly Feature[], spell: Spell): OperationStep[] {
  const { atMs, spanMs, ...wish } = spell
  const count = draw.whole(settings.keys, 3 * settings.keys + 2)
  return Array.from({ length: count }, () =>
    drawOperation(draw, settings, chosen, { ...wish, atMs: atMs + draw.whole(0, spanMs) }),
  )
}
