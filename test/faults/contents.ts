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
 * What is wrong at the replicas, record by record: nothing where each holds alive exactly what the book says, under one and
 * the same version and with one and the same expiry everywhere.
 *
 * @param book every live value by the key that replicas see
 */
export async function differencesFrom(
  book: ReadonlyMap<string, unknown>,
  replicas: readonly Replica[],
  nowMs: number,
): Promise<readonly string[]> {
  const findings: string[] = []
  for (const replica of replicas) {
    const values = new Map<string, unknown>()
    for (const [key, record] of await liveAt(replica, nowMs)) values.set(key, decodePayload(record.payload))
    findings.push(...unequal(book, values, `the book and ${replica.id}`))
  }
  return [...findings, ...(await differencesBetween(replicas, nowMs))].slice(0, findingsMax)
}

/** Where the replicas do not hold the same records alive, by their versions, expiries and values. */
export async function differencesBetween(replicas: readonly Replica[], nowMs: number): Promise<readonly string[]> {
  const contents = await Promise.all(replicas.map((replica) => liveAt(replica, nowMs)))
  const texts = contents.map((live) => new Map([...live].map(([key, record]) => [key, textOf(record)])))
  const [first = new Map<string, string>(), ...others] = texts
  const findings = others.flatMap((other, index) =>
    unequal(first, other, `${replicas[0]?.id} and ${replicas[index + 1]?.id}`),
  )
  return findings.slice(0, findingsMax)
}

async function liveAt(replica: Replica, nowMs: number): Promise<ReadonlyMap<string, VersionedRecord>> {
  const live = (await contentsOf(replica)).filter((record) => !isDead(record, nowMs))
  return new Map(live.map((record) => [record.key, record]))
}

function textOf({ version, expiresAtMs, payload }: VersionedRecord): string {
  return `${version} until ${expiresAtMs}: ${payload}`
}

function unequal(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>, places: string): string[] {
  const keys = new Set([...a.keys(), ...b.keys()])
  const differing = [...keys].filter((key) => a.get(key) !== b.get(key))
  return differing.map((key) => `${key} at ${places}: ${a.get(key)} and ${b.get(key)}`)
}
