import { skewShare } from './assumptions.ts'
import { Draw } from './draw.ts'
import { drawFault, type Feature, features } from './draw-fault.ts'
import type { OperationStep, Plan, Settings, Step } from './plan.ts'

/** How long a drawn run is, and what is in it. */
export interface Scale {
  readonly burstsMax: number
  readonly operationsMax: number
}

const usualScale: Scale = { burstsMax: 4, operationsMax: 30 }

/** The plan of a seed. Every run leaves some kinds of faults out: alone, or in pairs, they reach further than all at once. */
export function drawPlan(seed: number, scale: Scale = usualScale): Plan {
  const draw = new Draw(seed)
  const chosen = new Set<Feature>(features.filter(() => draw.chance(0.4)))
  const settings = drawSettings(draw, chosen)
  const steps: Step[] = []
  let atMs = 0
  const bursts = draw.whole(1, scale.burstsMax)
  for (let burst = 0; burst < bursts; burst += 1) {
    const burstMs = draw.pick([300, 1_500, 6_000])
    const gapMs = drawGapMs(draw, settings, chosen)
    const operations = draw.whole(5, scale.operationsMax)
    for (let count = 0; count < operations; count += 1) {
      steps.push(drawOperation(draw, settings, chosen, atMs + draw.whole(0, burstMs)))
    }
    const faults = chosen.size === 0 ? 0 : draw.whole(0, 8)
    for (let count = 0; count < faults; count += 1) {
      const spanMs = draw.chance(0.7) ? burstMs : burstMs + gapMs
      steps.push(drawFault(draw, settings, [...chosen], { atMs: atMs + draw.whole(0, spanMs), burstMs, gapMs }))
    }
    atMs += burstMs + gapMs
  }
  const inOrder = steps.toSorted((one, other) => one.atMs - other.atMs)
  return { seed, settings, steps: inOrder.map((step, id) => ({ ...step, id })), endsAtMs: atMs + 1_000 }
}

function drawSettings(draw: Draw, chosen: ReadonlySet<Feature>): Settings {
  const isRacy = draw.chance(0.1)
  const modes = ['quorum', 'monotonic', 'linearizable'] as const
  const mode = draw.pick(isRacy ? modes.slice(0, 2) : modes)
  const replicas = draw.pick([3, 3, 3, 5])
  const gcGraceMs = draw.pick([60_000, 600_000, 3_600_000])
  const skewMaxMs = chosen.has('clocks') ? draw.pick([2, 500, 0.3 * skewShare * gcGraceMs, skewShare * gcGraceMs]) : 0
  const processes = isRacy ? draw.pick([1, 1, 3]) : draw.whole(1, 4)
  const majority = Math.floor(replicas / 2) + 1
  const w = draw.chance(0.8) ? majority : draw.whole(majority, replicas)
  const r = draw.chance(0.8) ? Math.max(majority, replicas - w + 1) : replicas - w + 1
  return {
    mode,
    replicas,
    isRacy,
    processes,
    lanes: draw.whole(1, 3),
    keys: draw.pick([1, 2, 3, 6]),
    linkLeastMs: draw.pick([0, 0.5, 5]),
    linkSpreadMs: draw.pick([0, 1, 10, 80]),
    pageKeysMax: draw.pick([1, 3, 1_000]),
    skewMaxMs,
    offsetsMs: Array.from({ length: processes }, () => draw.pick([-0.5, 0, 0.5]) * skewMaxMs),
    copyEveryMs: draw.pick([200, 2_000, 0.5 * gcGraceMs]),
    allowsExcessLosses: draw.chance(0.1),
    options: {
      keyv: 6,
      // With others to come, r and w follow n.
      ...(chosen.has('members') ? {} : { r, w }),
      ...(mode === 'linearizable' ? { consistency: 'linearizable' } : {}),
      ...(mode === 'monotonic' ? { reads: 'monotonic' } : {}),
      lineage: 'checked',
      ...(isRacy && processes === 1 ? { singleProcess: true } : {}),
      deadlineMs: 1_000,
      callTimeoutMs: 300,
      gcGraceMs,
      maxClockSkewMs: draw.chance(0.5) ? Math.ceil(skewMaxMs) : Math.max(skewMaxMs, 60_000),
      hintsMax: draw.pick([0, 2, 100_000]),
      repairsMax: draw.pick([2, 10_000]),
      sweepEveryMs: draw.pick([0, gcGraceMs / 10, gcGraceMs / 4]),
      sweepFullyEveryMs: draw.pick([0, gcGraceMs / 2]),
      sweepKeysPerSecond: draw.pick([50, 100_000]),
    },
  }
}

function drawGapMs(draw: Draw, { options }: Settings, chosen: ReadonlySet<Feature>): number {
  const { gcGraceMs = 60_000 } = options
  if (!chosen.has('long gaps')) return draw.pick([0, 300, 2_000, 12_000])
  return draw.pick([300, 12_000, 0.3 * gcGraceMs, 1.2 * gcGraceMs, 2.5 * gcGraceMs])
}

function drawOperation(draw: Draw, settings: Settings, chosen: ReadonlySet<Feature>, atMs: number): OperationStep {
  const kinds: OperationStep['do'][] = ['set', 'set', 'set', 'get', 'get', 'get', 'get', 'has']
  if (chosen.has('deletes')) kinds.push('delete', 'delete')
  if (chosen.has('clears')) kinds.push('clear')
  // What a walk leaves out was absent, but not at one moment of all.
  if (chosen.has('iteration') && settings.mode === 'quorum') kinds.push('iterate')
  const kind = draw.pick(kinds)
  const all = Array.from({ length: settings.keys }, (_, key) => key)
  const one = draw.whole(0, settings.keys - 1)
  const isBatch = kind === 'iterate' || (chosen.has('batches') && draw.chance(0.3))
  const { gcGraceMs = 60_000 } = settings.options
  const ttlMs = draw.pick([1, 300, 2_000, 60_000, 0.5 * gcGraceMs, 3 * gcGraceMs])
  return {
    id: 0,
    atMs,
    do: kind,
    process: draw.whole(0, settings.processes - 1),
    lane: draw.whole(0, settings.lanes - 1),
    keys: isBatch ? all : [one],
    ttlMs: chosen.has('expiry') && draw.chance(0.5) ? ttlMs : null,
  }
}
