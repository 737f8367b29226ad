import type { Violation } from './history.ts'

/** What was measured at one moment of a run: hints, repairs queued, calls open, timers, characters held, and so on. */
export interface Sample {
  readonly atMs: number
  readonly gauges: Readonly<Record<string, number>>
}

/**
 * Whatever happens, memory, queues and open requests stay within their limits (G9). Tells the highest of the samples for
 * each gauge that went over.
 *
 * @throws TypeError for a gauge without a limit, or the other way round, because then nothing would be checked
 */
export function checkBounds(samples: readonly Sample[], limits: Readonly<Record<string, number>>): Violation[] {
  for (const { gauges } of samples) {
    const unlimited = Object.keys(gauges).find((name) => limits[name] === undefined)
    if (unlimited !== undefined) throw new TypeError(`the gauge ${unlimited} has no limit`)
  }
  return Object.entries(limits).flatMap(([name, limit]) => {
    const highest = highestOf(samples, name)
    if (highest === null) throw new TypeError(`the gauge ${name} was never measured`)
    if (highest.value <= limit) return []
    const explanation = `${name} reached ${highest.value} at ${highest.atMs} ms, with a limit of ${limit}`
    return [{ rule: 'bounded', key: '', operations: [], explanation }]
  })
}

function highestOf(samples: readonly Sample[], name: string): { readonly value: number; readonly atMs: number } | null {
  const measured = samples.flatMap(({ atMs, gauges }) => {
    const value = gauges[name]
    return value === undefined ? [] : [{ atMs, value }]
  })
  return measured.reduce<{ value: number; atMs: number } | null>(
    (highest, each) => (highest === null || each.value > highest.value ? each : highest),
    null,
  )
}
