import { keyHash } from '../../src/core/hash.ts'
import { checksum, type RecordStamp, type VersionedRecord } from '../../src/core/record.ts'
import { comparePayloads, compareStamps } from '../../src/core/resolve.ts'
import { isVersion } from '../../src/core/version.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { Entry, PutOutcome } from '../../src/replica.ts'
import { cutBySize } from './cut-by-size.ts'
import { plainArray, plainArrayOrNull, textArray, textArrayOrNull } from './postgres-arrays.ts'
import { headAt, isChecksum, kindCodes, type Row } from './postgres-rows.ts'
import { heldMark } from './put-statement.ts'
import type { RunStatement } from './run-statement.ts'
import { byStoredKey, storedKey } from './stored-key.ts'

/** An entry with its place in the caller's batch. */
interface Put {
  readonly place: number
  readonly record: VersionedRecord
  readonly hash: number
  readonly storedKey: string
}

/** Plain puts, or those that mend. */
interface PutKind {
  readonly statement: 'put' | 'mend'
  readonly valuesOf: (puts: readonly Put[]) => readonly unknown[]
}

type Outcomes = ReadonlyMap<Put, PutOutcome>

/** Of payloads in one statement, in UTF-16 units: far from the longest string there can be. */
const statementCharsMax = 16 * 1024 * 1024

/** A record that refuses a put and is gone when we look for it must have been purged in between, again and again. */
const roundsMax = 10

export async function putManyIfNewer(
  replica: string,
  run: RunStatement,
  entries: readonly Entry[],
): Promise<readonly PutOutcome[]> {
  const outcomes = new Array<PutOutcome>(entries.length)
  const puts = entries.map(putAt).sort(byStoredKey)
  const mends = ({ place }: Put) => entries[place]?.mendsCorrupt === true
  const identitiesOf = (chosen: readonly Put[]) =>
    textArrayOrNull(chosen.map(({ place }) => entries[place]?.mendsIdentity ?? null))
  const mendValues = (chosen: readonly Put[]) => [...putValues(chosen), identitiesOf(chosen)]
  for (const [kind, chosen] of [
    [{ statement: 'put', valuesOf: putValues }, puts.filter((each) => !mends(each))],
    [{ statement: 'mend', valuesOf: mendValues }, puts.filter(mends)],
  ] as const) {
    for (const part of cutBySize(chosen, sizeOf, statementCharsMax)) {
      for (const [{ place }, outcome] of await putAll(replica, run, kind, part)) outcomes[place] = outcome
    }
  }
  return outcomes
}

function putAt({ record }: Entry, place: number): Put {
  return { place, record, hash: keyHash(record.key), storedKey: storedKey(record.key) }
}

async function putAll(
  replica: string,
  run: RunStatement,
  { statement, valuesOf }: PutKind,
  puts: readonly Put[],
): Promise<Outcomes> {
  const outcomes = new Map<Put, PutOutcome>()
  const steps = [
    async (rest: readonly Put[]) => storedOutcomes(rest, await run(statement, valuesOf(rest))),
    async (rest: readonly Put[]) => refusedOutcomes(rest, await run('readRefusals', refusalValues(rest))),
  ]
  let rest = puts
  for (let step = 0; step < steps.length * roundsMax; step += 1) {
    for (const [put, outcome] of (await steps[step % steps.length]?.(rest)) ?? []) outcomes.set(put, outcome)
    rest = rest.filter((put) => !outcomes.has(put))
    if (rest.length === 0) return outcomes
  }
  throw new ReplicaError('REJECTED', `records that refused a put were gone ${roundsMax} times at the look at them`, {
    replica,
  })
}

function storedOutcomes(puts: readonly Put[], rows: readonly Row[]): Outcomes {
  const byKey = new Map(puts.map((put) => [put.storedKey, put]))
  return new Map(
    rows.flatMap((row) => {
      const put = byKey.get(row[0] ?? '')
      return put === undefined ? [] : [[put, storedOutcome(row)]]
    }),
  )
}

function refusedOutcomes(puts: readonly Put[], rows: readonly Row[]): Outcomes {
  return new Map(
    rows.flatMap((row) => {
      const put = puts[Number(row[0]) - 1]
      const outcome = put === undefined ? null : refusedOutcome(put.record, row)
      return put === undefined || outcome === null ? [] : [[put, outcome]]
    }),
  )
}

function putValues(puts: readonly Put[]): readonly unknown[] {
  const records = puts.map(({ record }) => record)
  return [
    plainArray(puts.map(({ hash }) => hash)),
    textArray(puts.map((put) => put.storedKey)),
    textArrayOrNull(puts.map(({ record, storedKey }) => (record.key === storedKey ? null : record.key))),
    plainArray(records.map(({ version }) => version)),
    plainArray(records.map(({ kind }) => kindCodes[kind])),
    plainArrayOrNull(records.map(({ expiresAtMs }) => expiresAtMs)),
    plainArray(records.map(({ retainUntilMs }) => retainUntilMs)),
    plainArray(records.map(checksum)),
    textArray(records.map(({ payload }) => payload)),
  ]
}

function refusalValues(puts: readonly Put[]): readonly unknown[] {
  return [
    plainArray(puts.map(({ hash }) => hash)),
    textArray(puts.map((put) => put.storedKey)),
    plainArray(puts.map(({ record }) => record.version)),
    plainArray(puts.map(({ record }) => kindCodes[record.kind])),
  ]
}

/** A row of the put statement: stored key, retention, what was replaced. */
function storedOutcome([, retention, replaced]: Row): PutOutcome {
  const retainUntilMs = Number(retention)
  if (replaced === heldMark) return { status: 'held', retainUntilMs }
  return { status: 'stored', retainUntilMs, replaced: replacedStamp(replaced ?? '') }
}

function replacedStamp(text: string): RecordStamp | null {
  const [version = '', kind, retainUntilMs, expiresAtMs] = text.split(' ')
  if (!isVersion(version)) return null
  return {
    version,
    kind: kind === '1' ? 'tombstone' : 'value',
    expiresAtMs: expiresAtMs === undefined ? null : Number(expiresAtMs),
    retainUntilMs: Number(retainUntilMs),
  }
}

/** What the record held tells a put that was refused; null when it would not refuse it now. */
function refusedOutcome(record: VersionedRecord, row: Row): PutOutcome | null {
  const held = headAt(row, 1, record.key)
  if (held.kind === 'corrupt' || !isChecksum(row[5] ?? '')) return null
  const { version, kind, expiresAtMs, retainUntilMs } = held
  const order = compareStamps(record, held) || comparePayloads(record.payload, row[6] ?? '')
  if (order < 0) return { status: 'superseded', by: { version, kind, expiresAtMs, retainUntilMs } }
  return order === 0 && retainUntilMs >= record.retainUntilMs ? { status: 'held', retainUntilMs } : null
}

function sizeOf({ record }: Put): number {
  return record.payload.length + record.key.length
}
