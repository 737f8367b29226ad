import { skewShare } from './assumptions.ts'
import { Draw } from './draw.ts'
import { drawAbsence } from './draw-absence.ts'
import { drawFault, type Feature, features } from './draw-fault.ts'
import { drawIslands } from './draw-islands.ts'
import { drawOperation } from './draw-operation.ts'
import type { Plan, Settings, Step, Theme } from './plan.ts'

const deadlineMs = 1_000
const burstsMax = 4
const operationsMax = 30

/** The plan of a seed. Every run leaves some kinds of faults out: alone, or in pairs, they reach further than all at once. */
export function drawPlan(seed: number): Plan {
  const draw = new Draw(seed)
  const theme = draw.pick(['mixed', 'mixed', 'islands', 'absence'] as const)
  const chosen = new Set<Feature>(features.filter(() => draw.chance(0.4)))
  if (theme === 'absence' && draw.chance(0.7)) chosen.add('members')
  const settings = themed(draw, theme, drawSettings(draw, chosen))
  const steps = drawSteps[theme](draw, settings, [...chosen]).toSorted((one, other) => one.atMs - other.atMs)
  const endsAtMs = (steps.at(-1)?.atMs ?? 0) + 2_000
  return { seed, theme, settings, steps: steps.map((step, id) => ({ ...step, id })), endsAtMs }
}

const drawSteps: Record<Theme, (draw: Draw, settings: Settings, chosen: readonly Feature[]) => readonly Step[]> = {
  mixed: drawMixed,
  islands: drawIslands,
  absence: drawAbsence,
}

function drawMixed(draw: Draw, settings: Settings, chosen: readonly Feature[]): readonly Step[] {
  const steps: Step[] = []
  let atMs = 0
  const bursts = draw.whole(1, burstsMax)
  for (let burst = 0; burst < bursts; burst += 1) {
    const burstMs = draw.pick([300, 1_500, 6_000])
    const gapMs = drawGapMs(draw, settings, chosen)
    const operations = draw.whole(5, operationsMax)
    for (let count = 0; count < operations; count += 1) {
      steps.push(drawOperation(draw, settings, chosen, { atMs: atMs + draw.whole(0, burstMs) }))
    }
    const faults = chosen.length === 0 ? 0 : draw.whole(0, 8)
    for (let count = 0; count < faults; count += 1) {
      const spanMs = draw.chance(0.7) ? burstMs : burstMs + gapMs
      steps.push(drawFault(draw, settings, chosen, { atMs: atMs + draw.whole(0, spanMs), burstMs, gapMs }))
    }
    atMs += burstMs + gapMs
  }
  return steps
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
    expiryMarginMs: draw.chance(0.4) ? null : deadlineMs + Math.max(2, skewMaxMs),
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
      deadlineMs,
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

/** What a theme is about shows more often where little else is going on, and little is mended behind it. */
function themed(draw: Draw, theme: Theme, settings: Settings): Settings {
  if (theme === 'mixed') return settings
  const { options } = settings
  const keys = Math.min(settings.keys, 2)
  const hintsMax = draw.chance(0.6) ? 0 : (options.hintsMax ?? 0)
  if (theme === 'absence') return { ...settings, keys, options: { ...options, hintsMax } }
  const sweepEveryMs = draw.chance(0.6) ? 0 : (options.sweepEveryMs ?? 0)
  const processes = settings.isRacy ? settings.processes : draw.whole(2, 4)
  const offsetsMs = Array.from({ length: processes }, (_, place) => settings.offsetsMs[place] ?? 0)
  const linkSpreadMs = draw.chance(0.4) ? 80 : settings.linkSpreadMs
  return {
    ...settings,
    keys,
    lanes: 3,
    linkSpreadMs,
    processes,
    offsetsMs,
    options: { ...options, hintsMax, sweepEveryMs },
  }
}

function drawGapMs(draw: Draw, { options }: Settings, chosen: readonly Feature[]): number {
  const { gcGraceMs = 60_000 } = options
  if (!chosen.includes('long gaps')) return draw.pick([0, 300, 2_000, 12_000])
  return draw.pick([300, 12_000, 0.3 * gcGraceMs, 1.2 * gcGraceMs, 2.5 * gcGraceMs])
}
