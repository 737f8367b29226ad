import type { Draw } from './draw.ts'
import { lateMaxMs } from './late.ts'
import type { Settings, Step } from './plan.ts'

/** What a run has or does not have. */
export const features = [
  'links',
  'partitions',
  'servers',
  'crashes',
  'losses',
  'damage',
  'clocks',
  'stalls',
  'restarts',
  'sweeps',
  'expiry',
  'deletes',
  'clears',
  'iteration',
  'batches',
  'long gaps',
  'members',
] as const

export type Feature = (typeof features)[number]

/** When a fault begins, and what it may outlast. */
export interface FaultTimes {
  readonly atMs: number
  readonly burstMs: number
  readonly gapMs: number
}

/** A fault, or a sweep, of a kind that was chosen; a sweep where none was. */
export function drawFault(draw: Draw, settings: Settings, chosen: readonly Feature[], times: FaultTimes): Step {
  const kinds = chosen.filter((feature) => feature in drawers)
  const kind = kinds.length === 0 ? 'sweeps' : draw.pick(kinds)
  return (drawers[kind] ?? drawSweep)(draw, settings, times)
}

type Drawer = (draw: Draw, settings: Settings, times: FaultTimes) => Step

const drawers: Partial<Record<Feature, Drawer>> = {
  links: drawLink,
  partitions: drawPartition,
  servers: (draw, settings, times) => {
    const what = draw.pick(['freeze', 'slow', 'rejects', 'applies-then-fails', 'refuses', 'garbles'] as const)
    const forMs = Math.min(drawForMs(draw, times), what === 'freeze' ? lateMaxMs(settings) : 60_000)
    return { id: 0, do: 'server', atMs: times.atMs, server: drawServer(draw, settings), what, forMs }
  },
  crashes: (draw, settings, times) => {
    const forMs = drawForMs(draw, times)
    return { id: 0, do: 'server', atMs: times.atMs, server: drawServer(draw, settings), what: 'crash', forMs }
  },
  losses: (draw, settings, times) => {
    const backMs = draw.pick([null, 0, 500, 5_000, settings.options.gcGraceMs ?? 0])
    const forMs = drawForMs(draw, times)
    return { id: 0, do: 'lose', atMs: times.atMs, server: drawServer(draw, settings), backMs, forMs }
  },
  damage: (draw, settings, { atMs }) => {
    const key = draw.whole(0, settings.keys - 1)
    const damage = draw.pick(['payload', 'head'] as const)
    return { id: 0, do: 'damage', atMs, server: drawServer(draw, settings), key, damage }
  },
  clocks: (draw, settings, { atMs }) => {
    const offsetMs = draw.pick([-0.5, -0.1, 0, 0.1, 0.5]) * settings.skewMaxMs
    return { id: 0, do: 'clock', atMs, process: drawProcess(draw, settings), offsetMs }
  },
  stalls: (draw, settings, times) => {
    const forMs = Math.min(drawForMs(draw, times), lateMaxMs(settings))
    return { id: 0, do: 'stall', atMs: times.atMs, process: drawProcess(draw, settings), forMs }
  },
  restarts: (draw, settings, { atMs }) => ({
    id: 0,
    do: 'restart',
    atMs,
    process: drawProcess(draw, settings),
    forMs: 0,
  }),
  sweeps: drawSweep,
  members: (draw, settings, { atMs }) => ({
    id: 0,
    do: 'member',
    atMs,
    change: draw.pick(['add', 'remove', 'replace', 'replace', 'return'] as const),
    isByRestart: draw.chance(0.3),
    server: drawServer(draw, settings),
  }),
}

function drawLink(draw: Draw, settings: Settings, times: FaultTimes): Step {
  const lateMs = draw.pick([50, 400, 2_000, lateMaxMs(settings)])
  return {
    id: 0,
    do: 'link',
    atMs: times.atMs,
    process: draw.chance(0.4) ? null : drawProcess(draw, settings),
    server: draw.chance(0.4) ? null : drawServer(draw, settings),
    kind: draw.pick(['lossy', 'slow', 'slow', 'doubled', 'held'] as const),
    way: draw.pick(['there', 'back', 'both'] as const),
    forMs: Math.min(drawForMs(draw, times), lateMaxMs(settings)),
    lateMs: Math.min(lateMs, lateMaxMs(settings)),
  }
}

function drawPartition(draw: Draw, settings: Settings, times: FaultTimes): Step {
  const isOfServer = draw.chance(0.3)
  return {
    id: 0,
    do: 'link',
    atMs: times.atMs,
    process: isOfServer ? null : drawProcess(draw, settings),
    server: isOfServer || draw.chance(0.7) ? drawServer(draw, settings) : null,
    kind: 'cut',
    way: draw.pick(['there', 'back', 'both', 'both'] as const),
    forMs: drawForMs(draw, times),
    lateMs: 0,
  }
}

function drawSweep(draw: Draw, settings: Settings, { atMs }: FaultTimes): Step {
  return {
    id: 0,
    do: 'sweep',
    atMs,
    process: drawProcess(draw, settings),
    kind: draw.pick(['full', 'full', 'incremental', 'preview', 'part'] as const),
    partition: draw.whole(0, 1),
    abortAfterMs: draw.chance(0.2) ? draw.pick([1, 20, 200]) : null,
  }
}

function drawForMs(draw: Draw, { burstMs, gapMs }: FaultTimes): number {
  return draw.pick([20, 150, 500, burstMs, burstMs, 10_000, gapMs + 100])
}

function drawServer(draw: Draw, { replicas }: Settings): number {
  return draw.whole(0, replicas - 1)
}

function drawProcess(draw: Draw, { processes }: Settings): number {
  return draw.whole(0, processes - 1)
}
