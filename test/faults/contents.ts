import { isCorrupt, isDead, type VersionedRecord } from '../../src/core/record.ts'
import { decodePayload } from '../../src/payload.ts'
import type { Replica } from '../../src/replica.ts'
import { scanAll } from '../conformance/scan-all.ts'

const patient = { timeoutMs: 30_000 }
const batchKeysMax = 500
const findingsMax = 10

/** All that a replica holds by its own word, dead records included, without the store's own records. */
export async function contentsOf(replica: Replica): Promise<readonly VersionedRecord[]> {
  const entries = await scanAll(replica, { pageTimeoutMs: patient.timeoutMs, pageKeysMax: 1_000 })
  const keys = entries.map(({ key }) => key).filter((key) => !key.startsWith('\u0001'))
  const records: VersionedRecord[] = []
  for (let from = 0; from < keys.length; from += batchKeysMax) {
    for (const answer of await replica.getMany(keys.slice(from, from + batchKeysMax), patient)) {
      if (answer !== null && isCorrupt(answer)) throw new Error(`${replica.id} holds ${answer.key} damaged`)
      if (answer !== null) records.push(answer)
    }
  }
  return records
}

/**
 * What is wrong at the replicas, record by record: none where each holds alive exactly what the book says, under one and the
 * same version and with one and the same expiry everywhere.
 *
 * @param book every live value by the key that replicas see
 */
export async function differencesFrom(
  book: ReadonlyMap<string, unknown>,
  replicas: readonly Replica[],
  nowMs: number,
): Promise<readonly string[]> {
  const findings: string[] = []
  const identities = new Map<string, string>()
  for (const replica of replicas) {
    const live = new Map<string, VersionedRecord>()
    for (const record of await contentsOf(replica)) if (!isDead(record, nowMs)) live.set(record.key, record)
    for (const key of live.keys()) if (!book.has(key)) findings.push(`${key} is alive at ${replica.id}`)
    for (const [key, value] of book) {
      const record = live.get(key)
      const found = record === undefined ? undefined : decodePayload(record.payload)
      if (found !== value) findings.push(`${key} is ${found} at ${replica.id}, not ${value}`)
      const identity = `${record?.version} until ${record?.expiresAtMs}`
      const first = identities.get(key) ?? identity
      identities.set(key, first)
      if (identity !== first) findings.push(`${key} is ${identity} at ${replica.id}, and ${first} elsewhere`)
    }
  }
  return findings.slice(0, findingsMax)
}
