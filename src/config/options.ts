import * as v from 'valibot'
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
}

/** The longest delay that a timer of JavaScript can hold. */
const timerMaxMs = 2 ** 31 - 1
const queueMax = 100_000_000
const skewMaxMs = 86_400_000

const count = wholeNumber(1, Number.MAX_SAFE_INTEGER, 'a whole number of replicas, 1 or more')
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

function wholeNumber(min: number, max: number, what: string) {
  const range = max === Number.MAX_SAFE_INTEGER ? what : `${what} from ${grouped(min)} to ${grouped(max)}`
  return v.pipe(v.number(range), v.safeInteger(range), v.minValue(min, range), v.maxValue(max, range))
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}
