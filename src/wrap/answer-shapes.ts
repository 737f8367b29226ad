import { bucketsCount } from '../core/digest.ts'
import type { CorruptRecord, RecordHead, RecordStamp, ScanEntry, VersionedRecord } from '../core/record.ts'
import { isVersion, timeMaxMs } from '../core/version.ts'
import type { ChangesStep, DigestStep, PutOutcome } from '../replica.ts'

/**
 * Whether what a replica gave is what the port says, member by member. An adapter is code of somebody else, and what it
 * read comes from a server: a version that is none would win over every other, and a time that is none would be put
 * everywhere.
 */

/** Whatever looking at it throws, it is not what was asked for. */
export function holds(test: () => boolean): boolean {
  try {
    return test()
  } catch {
    return false
  }
}

export function isHeadAnswer(key: string | undefined, answer: RecordHead | CorruptRecord | null | undefined): boolean {
  if (answer === null) return true
  if (answer === undefined || answer.key !== key) return false
  return answer.kind === 'corrupt' ? isCorruptAnswer(answer) : isStamp(answer)
}

export function isRecordAnswer(
  key: string | undefined,
  answer: VersionedRecord | CorruptRecord | null | undefined,
): boolean {
  if (!isHeadAnswer(key, answer)) return false
  return answer === null || answer === undefined || answer.kind === 'corrupt' || isStorable(answer.payload)
}

export function isOutcome(outcome: PutOutcome | undefined): boolean {
  switch (outcome?.status) {
    case 'superseded':
      return isStamp(outcome.by)
    case 'stored':
      return isTime(outcome.retainUntilMs) && (outcome.replaced === null || isStamp(outcome.replaced))
    case 'held':
      return isTime(outcome.retainUntilMs)
    default:
      return false
  }
}

export function isPage(page: unknown): boolean {
  return Array.isArray(page) && page.every(isScanEntry)
}

function isScanEntry(entry: ScanEntry | null | undefined): boolean {
  return isText(entry?.key) && isStamp(entry) && isText(entry?.checksum)
}

export function isDigestStep(step: unknown): boolean {
  const { records, sums, retired = 0 } = (step ?? {}) as Partial<DigestStep>
  if (!isCount(records) || !isCount(retired)) return false
  return sums === null || (sums instanceof Uint32Array && sums.length === bucketsCount)
}

function isCount(count: unknown): boolean {
  return Number.isSafeInteger(count) && Number(count) >= 0
}

/** ASCII that can be shown; no more of it than the port allows. */
const positionPattern = /^[ -~]{1,200}$/

export function isChangesStep(step: unknown): boolean {
  const { keys, position } = (step ?? {}) as Partial<ChangesStep>
  return Array.isArray(keys) && keys.every(isText) && isText(position) && positionPattern.test(position)
}

const lineageLengthMax = 1_000

/** It goes on record, so it must be no longer than a name. */
export function isLineage(lineage: unknown): lineage is string {
  return isText(lineage) && lineage !== '' && lineage.length <= lineageLengthMax && isStorable(lineage)
}

function isCorruptAnswer({ reason, storedIdentity }: CorruptRecord): boolean {
  return isText(reason) && (storedIdentity === undefined || isText(storedIdentity))
}

function isStamp(stamp: RecordStamp | null | undefined): boolean {
  if (stamp === null || stamp === undefined || !isText(stamp.version) || !isVersion(stamp.version)) return false
  if (stamp.kind !== 'value' && stamp.kind !== 'tombstone') return false
  return (stamp.expiresAtMs === null || isTime(stamp.expiresAtMs)) && isTime(stamp.retainUntilMs)
}

function isTime(ms: unknown): boolean {
  return Number.isSafeInteger(ms) && Number(ms) >= 0 && Number(ms) <= timeMaxMs
}

/** What every backend can hold. */
function isStorable(text: unknown): boolean {
  return isText(text) && text.isWellFormed() && !text.includes('\0')
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
