import { bucketsCount } from '../../core/digest.ts'
import { ConfigError } from '../../errors.ts'
import type { SweepCursor, SweepKind, SweepPartition, SweepProgress } from './sweep-report.ts'

export interface SweepOptions {
  /** Default: `full`. */
  readonly kind?: SweepKind
  /** Sweep only one of several equal parts, so that many workers can share the work. Default: everything. */
  readonly partition?: SweepPartition
  /** Write nothing anywhere; the report tells what a real sweep would do. Default: false. */
  readonly preview?: boolean
  /** The most records to look at in a second, over all replicas; `Infinity` for no limit. Default: 50,000. */
  readonly keysPerSecond?: number
  /** Ends the sweep: it rejects with the signal's reason, once nothing is open any more. */
  readonly signal?: AbortSignal
  /** Told now and then, and whenever the cursor moves on. What it throws ends the sweep. */
  readonly onProgress?: (progress: SweepProgress) => void
  /** Go on where an earlier full sweep of the same partition was cut short. */
  readonly resumeFrom?: SweepCursor
  /**
   * The `positions` of the last completed sweep, whole: from where an incremental sweep reads what was put since. Only
   * replicas named there have exchanged with others when it ends.
   */
  readonly positions?: ReadonlyMap<string, string>
}

export const keysPerSecondDefault = 50_000

/** Options with their defaults, found to be right. */
export interface SweepPlan {
  readonly kind: SweepKind
  readonly isPreview: boolean
  readonly partition: SweepPartition
  readonly keysPerSecond: number
  /** The buckets of the partition: from `startBucket` up to, and not including, `toBucket`. */
  readonly startBucket: number
  readonly toBucket: number
  /** Where to begin: later than `startBucket` when an earlier sweep is gone on with. */
  readonly fromBucket: number
  readonly positions: ReadonlyMap<string, string>
}

const wholePartition: SweepPartition = { partition: 0, of: 1 }

/** @throws ConfigError naming the option that is wrong */
export function sweepPlan(options: SweepOptions): SweepPlan {
  if (!isObject(options)) throw new ConfigError('options', 'an object with options of a sweep')
  const { kind = 'full', partition = wholePartition, preview = false, keysPerSecond = keysPerSecondDefault } = options
  if (kind !== 'full' && kind !== 'incremental') throw new ConfigError('kind', "'full' or 'incremental'")
  if (typeof preview !== 'boolean') throw new ConfigError('preview', 'true or false')
  if (!(typeof keysPerSecond === 'number' && keysPerSecond > 0)) {
    throw new ConfigError('keysPerSecond', 'a number above 0')
  }
  checkCallbacks(options)
  checkPartition(partition, 'partition')
  const startOf = (index: number) => Math.floor((bucketsCount * index) / partition.of)
  const [startBucket, toBucket] = [startOf(partition.partition), startOf(partition.partition + 1)]
  checkCursor(options, { kind, partition, startBucket, toBucket })
  const fromBucket = options.resumeFrom?.bucket ?? startBucket
  const positions = options.positions ?? new Map()
  if (!(positions instanceof Map && [...positions].flat().every(isText))) {
    throw new ConfigError('positions', 'a Map of texts')
  }
  return { kind, isPreview: preview, partition, keysPerSecond, startBucket, fromBucket, toBucket, positions }
}

function checkCallbacks({ signal, onProgress }: SweepOptions): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new ConfigError('signal', 'an AbortSignal')
  if (onProgress !== undefined && typeof onProgress !== 'function') throw new ConfigError('onProgress', 'a function')
}

function checkPartition(given: SweepPartition, field: string): void {
  if (!isObject(given)) throw new ConfigError(field, '{ partition, of }')
  const { partition, of } = given
  if (!(Number.isInteger(of) && of >= 1 && of <= bucketsCount)) {
    throw new ConfigError(`${field}.of`, `a whole number from 1 to ${bucketsCount}`)
  }
  if (!(Number.isInteger(partition) && partition >= 0 && partition < of)) {
    throw new ConfigError(`${field}.partition`, `a whole number from 0 to ${of - 1}, less than ${field}.of`)
  }
}

function checkCursor(
  { resumeFrom }: SweepOptions,
  swept: { kind: SweepKind; partition: SweepPartition; startBucket: number; toBucket: number },
): void {
  if (resumeFrom === undefined) return
  if (swept.kind !== 'full') throw new ConfigError('resumeFrom', 'nothing: only a full sweep can be resumed')
  if (!isObject(resumeFrom)) throw new ConfigError('resumeFrom', 'the cursor of an earlier sweep')
  const { bucket, partition, startedAtMs, replicas, positions } = resumeFrom
  checkPartition(partition, 'resumeFrom.partition')
  const isSamePartition = partition.partition === swept.partition.partition && partition.of === swept.partition.of
  if (!isSamePartition) throw new ConfigError('resumeFrom.partition', 'the partition that is swept')
  if (!(Number.isInteger(bucket) && bucket >= swept.startBucket && bucket <= swept.toBucket)) {
    throw new ConfigError('resumeFrom.bucket', `a whole number from ${swept.startBucket} to ${swept.toBucket}`)
  }
  if (!Number.isFinite(startedAtMs)) throw new ConfigError('resumeFrom.startedAtMs', 'a time in ms')
  for (const [name, texts] of Object.entries({ replicas, positions })) {
    if (!(isObject(texts) && Object.values(texts).every(isText))) {
      throw new ConfigError(`resumeFrom.${name}`, 'an object of texts')
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
