import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

export interface SimulationArguments {
  /** Null: run many. */
  readonly seed: number | null
  /** A file with a plan, to be played in place of a seed's; null for none. */
  readonly plan: string | null
  /** Where the plan that was played, made smaller if it fails, is written; null for nowhere. */
  readonly save: string | null
  readonly isVerbose: boolean
  readonly seeds: number
  readonly from: number
  readonly workers: number
  readonly minutes: number
}

export const usage = `npm run sim -- [--seeds 2000] [--from 1] [--workers 2] [--minutes 60]
npm run sim -- --seed 1234 [--verbose] [--save plan.json]
npm run sim -- --plan plan.json [--verbose]`

/** @throws TypeError for an option that there is not */
export function simulationArguments(args: readonly string[]): SimulationArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      plan: { type: 'string' },
      save: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      seeds: { type: 'string' },
      from: { type: 'string' },
      workers: { type: 'string' },
      minutes: { type: 'string' },
    },
  })
  return {
    seed: values.seed === undefined ? null : wholeNumber('seed', values.seed),
    plan: values.plan ?? null,
    save: values.save ?? null,
    isVerbose: values.verbose,
    // With a time given, that alone ends it.
    seeds: wholeNumber('seeds', values.seeds ?? (values.minutes === undefined ? '2000' : String(2 ** 31))),
    from: wholeNumber('from', values.from ?? '1'),
    workers: wholeNumber('workers', values.workers ?? String(availableParallelism())),
    minutes: values.minutes === undefined ? Number.POSITIVE_INFINITY : wholeNumber('minutes', values.minutes),
  }
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw new TypeError(`--${name} takes a whole number, not ${text}\n\n${usage}`)
}
