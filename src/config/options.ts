import * as v from 'valibot'
import { isCronExpression } from './cron-expression.ts'
import { defaults } from './defaults.ts'
import { readFields } from './fields.ts'
import { type Problem, throwProblems } from './problem.ts'

/** How the store works; every option may be left out. Times are in ms. */
export interface QuorumOptions {
  /** How many replicas must acknowledge a write. Default: floor(n / 2) + 1. */
  readonly w?: number
  /** How many replicas must answer a read. Default: floor(n / 2) + 1. */
  readonly r?: number
  /** `monotonic`: what was read once is on w replicas, so that no later read goes back in time. Default: `quorum`. */
  readonly reads?: 'quorum' | 'monotonic'
  /** `linearizable`: single-key operations are; writes ask first, only atomic replicas. Default: `quorum`. */
  readonly consistency?: 'quorum' | 'linearizable'
  /** Accepts r + w <= n (reads may miss acknowledged writes) and 2w <= n (writes may be lost). Default: false. */
  readonly allowStale?: boolean
  /** Only one process ever uses these replicas, so memory may stand beside other backends. Default: false. */
  readonly singleProcess?: boolean
  /** The deadline of one operation, shared by all its phases and retries. Default: 5,000. */
  readonly deadlineMs?: number
  /** The limit of one call to one replica, at most `deadlineMs`. Default: 2,000, or `deadlineMs` when that is less. */
  readonly callTimeoutMs?: number
  /** Which Keyv series the store is spoken to in. Default: `auto`. */
  readonly keyv?: 'auto' | 5 | 6
  /** How many keys may wait for read repair. Default: 10,000. */
  readonly repairsMax?: number
  /** How many keys may wait for one replica. Default: 100,000. */
  readonly queuedKeysMax?: number
  /** How far a version may lie ahead of this machine's clock before the store says so. Default: 60,000. */
  readonly maxClockSkewMs?: number
  /**
   * `checked`: a replica that may have lost its data, or was away for too long, counts again only after it got everything
   * back. `assumed`: every replica is taken to hold what it acknowledged. Default: `checked`.
   */
  readonly lineage?: 'checked' | 'assumed'
  /**
   * How many keys that a replica missed are remembered for it; with more than that it gets a sweep. 0 turns hinted handoff
   * off. Default: 100,000.
   */
  readonly hintsMax?: number
  /** How many of them a replica that is back is given in a second. Default: 10,000. */
  readonly handoffKeysPerSecond?: number
  /** How long what was deleted is remembered, at most: 1 minute or more. Default: 259,200,000 (3 days). */
  readonly gcGraceMs?: number
  /** The time from one scheduled sweep to the next, give or take a tenth; 0 for none. Default: 3,600,000 (1 hour). */
  readonly sweepEveryMs?: number
  /** When to sweep, as a cron expression in local time, in place of `sweepEveryMs`. Default: '' (none). */
  readonly sweepCron?: string
  /** A scheduled sweep goes over everything when the last one that did is as old as this. Default: 86,400,000 (1 day). */
  readonly sweepFullyEveryMs?: number
  /** How many keys a sweep looks at in a second, at most. Default: 50,000. */
  readonly sweepKeysPerSecond?: number
}

/** The longest delay that a timer of JavaScript can hold. */
const timerMaxMs = 2 ** 31 - 1
const queueMax = 100_000_000
const skewMaxMs = 86_400_000

/** A year, as a limit that no sensible plan comes near. */
const yearMs = 366 * 86_400_000

const count = wholeNumber(1, Number.MAX_SAFE_INTEGER, 'a whole number of replicas, 1 or more')
const cronWanted = "a cron expression such as '0 3 * * *', or '' for none"
const yesOrNo = v.boolean('true or false')

/** What r, w and allowStale alone may be; whether they fit n is decided by `resolveQuorum`. */
export const quorumSchema = v.object({
  w: v.exactOptional(count),
  r: v.exactOptional(count),
  allowStale: v.exactOptional(yesOrNo),
})

export const optionsSchema = v.object({
  ...quorumSchema.entries,
  reads: v.exactOptional(v.picklist(['quorum', 'monotonic'], "'quorum' or 'monotonic'")),
  consistency: v.exactOptional(v.picklist(['quorum', 'linearizable'], "'quorum' or 'linearizable'")),
  singleProcess: v.exactOptional(yesOrNo),
  deadlineMs: v.exactOptional(wholeNumber(1, timerMaxMs, 'a whole number of ms')),
  callTimeoutMs: v.exactOptional(wholeNumber(1, timerMaxMs, 'a whole number of ms')),
  keyv: v.exactOptional(v.picklist(['auto', 5, 6], "'auto', 5 or 6")),
  repairsMax: v.exactOptional(wholeNumber(1, queueMax, 'a whole number of keys')),
  queuedKeysMax: v.exactOptional(wholeNumber(1, queueMax, 'a whole number of keys')),
  maxClockSkewMs: v.exactOptional(wholeNumber(0, skewMaxMs, 'a whole number of ms')),
  lineage: v.exactOptional(v.picklist(['checked', 'assumed'], "'checked' or 'assumed'")),
  hintsMax: v.exactOptional(wholeNumber(0, queueMax, 'a whole number of keys')),
  handoffKeysPerSecond: v.exactOptional(wholeNumber(1, queueMax, 'a whole number of keys')),
  gcGraceMs: v.exactOptional(wholeNumber(60_000, yearMs, 'a whole number of ms')),
  sweepEveryMs: v.exactOptional(wholeNumber(0, yearMs, 'a whole number of ms')),
  sweepCron: v.exactOptional(v.pipe(v.string(cronWanted), v.check(isScheduleOrNone, cronWanted))),
  sweepFullyEveryMs: v.exactOptional(wholeNumber(0, yearMs, 'a whole number of ms')),
  sweepKeysPerSecond: v.exactOptional(wholeNumber(1, queueMax, 'a whole number of keys')),
})

/**
 * Checks options as far as that goes without knowing the replicas.
 * @throws ConfigError naming every option that is wrong
 */
export function parseOptions(input: unknown): QuorumOptions {
  const { value, problems } = readOptions(input)
  throwProblems(problems)
  return value
}

export function readOptions(input: unknown): { readonly value: QuorumOptions; readonly problems: readonly Problem[] } {
  const { value, problems } = readFields(optionsSchema, input, { parent: '', self: 'options', noun: 'option' })
  return { value, problems: [...problems, ...timeProblems(value)] }
}

export function timeProblems(options: QuorumOptions): Problem[] {
  const deadlineMs = options.deadlineMs ?? defaults.deadlineMs
  if (options.callTimeoutMs === undefined || options.callTimeoutMs <= deadlineMs) return []
  const limit = options.deadlineMs === undefined ? `deadlineMs, by default ${deadlineMs}` : `deadlineMs = ${deadlineMs}`
  return [{ field: 'callTimeoutMs', expected: `at most ${limit}, not ${options.callTimeoutMs}` }]
}

function isScheduleOrNone(text: string): boolean {
  return text === '' || isCronExpression(text)
}

function wholeNumber(min: number, max: number, what: string) {
  const range = max === Number.MAX_SAFE_INTEGER ? what : `${what} from ${grouped(min)} to ${grouped(max)}`
  return v.pipe(v.number(range), v.safeInteger(range), v.minValue(min, range), v.maxValue(max, range))
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}
