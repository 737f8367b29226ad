import { addToDigest, bucketOf, type Digest, emptyDigest } from '../../src/core/digest.ts'
import { type HashRange, inRange, keyHash } from '../../src/core/hash.ts'
import {
  type RecordHead,
  type RecordStamp,
  type ScanEntry,
  storedHeadOf,
  unreadableHead,
  type VersionedRecord,
} from '../../src/core/record.ts'
import { isRetired, type Retirement } from '../../src/core/retirement.ts'
import type { Version } from '../../src/core/version.ts'
import type { Entry, PutOutcome, ReadAnswer, ScanOptions, VersionAnswer } from '../../src/replica.ts'
import { ScriptedLog } from './scripted-log.ts'

interface Held {
  readonly record: VersionedRecord
  /** `payload`: the head can still be read, the checksum does not match. `head`: nothing can be read. */
  readonly damage: 'payload' | 'head' | null
}

/** What a replica holds, by the letter of the port and written apart from the adapters: a Map, and damage on request. */
export class ScriptedStore {
  /** Of all that was placed or put, but for what a put found there already. */
  readonly log = new ScriptedLog()
  lineageId: string
  readonly #held = new Map<string, Held>()
  #losses = 0

  constructor(lineageId = 'lineage') {
    this.lineageId = lineageId
  }

  get keys(): readonly string[] {
    return [...this.#held.keys()]
  }

  /** The record as it was stored, damaged or not. */
  peek(key: string): VersionedRecord | null {
    return this.#held.get(key)?.record ?? null
  }

  isDamaged(key: string): boolean {
    return (this.#held.get(key)?.damage ?? null) !== null
  }

  /** Puts a record there whatever was there before. */
  place(record: VersionedRecord): void {
    this.#held.set(record.key, { record, damage: null })
    this.log.append(record.key)
  }

  damage(key: string, damage: 'payload' | 'head'): void {
    const held = this.#held.get(key)
    if (held !== undefined) this.#held.set(key, { ...held, damage })
  }

  /** Raises the first digit of a stored version: the head reads as that of a later record, and its checksum tells. */
  raiseVersion(key: string): void {
    const held = this.peek(key)
    if (held === null) return
    const version: Version = `7${held.version.slice(1)}`
    this.#held.set(key, { record: { ...held, version }, damage: 'payload' })
  }

  /** Loses every record without a word: not even the lineage tells. */
  wipe(): void {
    this.#held.clear()
  }

  /** Loses everything, and the lineage tells. */
  lose(): void {
    this.wipe()
    this.log.lose()
    this.#losses += 1
    this.lineageId = `${this.lineageId.replace(/ after .*/, '')} after loss ${this.#losses}`
  }

  get(key: string): ReadAnswer {
    const held = this.#held.get(key)
    if (held === undefined) return null
    if (held.damage === null) return held.record
    const corrupt = { kind: 'corrupt', key, reason: 'the checksum does not match' } as const
    return held.damage === 'head' ? corrupt : { ...corrupt, storedIdentity: identityOf(held.record) }
  }

  getVersion(key: string): VersionAnswer {
    const held = this.#held.get(key)
    if (held === undefined) return null
    return held.damage === 'head' ? { kind: 'corrupt', key, reason: 'not a record' } : storedHeadOf(held.record)
  }

  put({ record, mendsCorrupt, mendsIdentity }: Entry): PutOutcome {
    const held = this.#held.get(record.key)
    if (held === undefined || held.damage === 'head') {
      this.place(record)
      return { status: 'stored', retainUntilMs: record.retainUntilMs, replaced: null }
    }
    const retainUntilMs = Math.max(record.retainUntilMs, held.record.retainUntilMs)
    const stored = { status: 'stored', retainUntilMs, replaced: stampOf(held.record) } as const
    const order = comparison(record, held)
    const mends = held.damage !== null && (mendsIdentity === identityOf(held.record) || (mendsCorrupt && order === 0))
    if (order > 0 || mends) {
      this.place({ ...record, retainUntilMs })
      return stored
    }
    if (order < 0) return { status: 'superseded', by: stampOf(held.record) }
    this.#held.set(record.key, { ...held, record: { ...held.record, retainUntilMs } })
    return { status: 'held', retainUntilMs }
  }

  purge(head: RecordHead): boolean {
    return this.#held.get(head.key)?.record.version === head.version && this.#held.delete(head.key)
  }

  heads(range: HashRange, { keyPrefix = '', buckets, retired }: Partial<ScanOptions> = {}): ScanEntry[] {
    return [...this.#held.values()]
      .filter(({ record: { key } }) => key.startsWith(keyPrefix) && inRange(keyHash(key), range))
      .filter(({ record: { key } }) => buckets === undefined || buckets.includes(bucketOf(keyHash(key))))
      .map(({ record, damage }) => (damage === 'head' ? unreadableHead(record.key) : storedHeadOf(record)))
      .filter((head) => retired === undefined || isRetired(head, retired))
  }

  /** The digest of some heads, less those that are retired. */
  digestOf(heads: readonly ScanEntry[], retirement: Retirement): Digest {
    const sums = emptyDigest()
    for (const head of heads) {
      if (!isRetired(head, retirement)) addToDigest(sums, keyHash(head.key), head.checksum)
    }
    return sums
  }
}

/** Tells a damaged record from any other that may be stored in its place. */
function identityOf({ version, kind }: VersionedRecord): string {
  return `${version} ${kind}`
}

/** The order of records, spelled out. A payload that cannot be read cannot be compared either. */
function comparison(put: VersionedRecord, { record: held, damage }: Held): number {
  if (put.version !== held.version) return put.version > held.version ? 1 : -1
  if (put.kind !== held.kind) return put.kind === 'tombstone' ? 1 : -1
  return damage === null ? Buffer.compare(Buffer.from(put.payload), Buffer.from(held.payload)) : 0
}

function stampOf({ version, kind, expiresAtMs, retainUntilMs }: RecordStamp): RecordStamp {
  return { version, kind, expiresAtMs, retainUntilMs }
}
