import { MemoryChanges } from '../../adapters/memory/memory-changes.ts'
import { MemoryRecords } from '../../adapters/memory/memory-records.ts'
import { digestStepsOf, pagesOf } from '../../adapters/memory/memory-walk.ts'
import type { HashRange } from '../../src/core/hash.ts'
import {
  type CorruptRecord,
  type RecordHead,
  type ScanEntry,
  unreadableHead,
  type VersionedRecord,
} from '../../src/core/record.ts'
import { compareStamps } from '../../src/core/resolve.ts'
import type { Retirement } from '../../src/core/retirement.ts'
import type {
  ChangesStep,
  DigestStep,
  Entry,
  PutOutcome,
  ReadAnswer,
  ScanOptions,
  VersionAnswer,
} from '../../src/replica.ts'

/** `payload`: the head can still be read, the checksum does not match. `head`: nothing can be read. */
export type Damage = 'payload' | 'head'

const changesKeysMax = 200

/** What one server holds: the records and the log of the memory adapter, and damage where a run puts it. */
export class SimulatedDisk {
  readonly #name: string
  #records: MemoryRecords
  #damage = new Map<string, Damage>()
  #life = 1

  constructor(name: string) {
    this.#name = name
    this.#records = this.#emptyRecords()
  }

  get lineage(): string {
    return Buffer.from(`${this.#name}-${this.#life}`).toString('hex').padStart(32, '0')
  }

  get keys(): readonly string[] {
    return [...this.#records.byKey.keys()]
  }

  get damagedKeys(): readonly string[] {
    return [...this.#damage.keys()]
  }

  peek(key: string): VersionedRecord | null {
    return this.#records.get(key)
  }

  /** What it holds now, to be handed to {@link lose} one day. */
  copy(): ReadonlyMap<string, VersionedRecord> {
    return new Map(this.#records.byKey)
  }

  /** It has no more than this from now on, and its lineage tells. */
  lose(left: ReadonlyMap<string, VersionedRecord>): void {
    this.#life += 1
    this.#records = this.#emptyRecords()
    this.#damage.clear()
    for (const [key, record] of left) this.#records.byKey.set(key, record)
  }

  /** @returns whether there was anything to damage */
  harm(key: string, damage: Damage): boolean {
    if (this.peek(key) === null) return false
    this.#damage.set(key, damage)
    return true
  }

  get(key: string): ReadAnswer {
    const damage = this.#damage.get(key)
    return damage === undefined ? this.#records.get(key) : this.#corrupt(key, damage)
  }

  getVersion(key: string): VersionAnswer {
    return this.#damage.get(key) === 'head' ? this.#corrupt(key, 'head') : this.#records.getHead(key)
  }

  put(entry: Entry): PutOutcome {
    const { key } = entry.record
    const damage = this.#damage.get(key)
    const held = this.peek(key)
    if (damage === undefined || held === null) return this.#records.putIfNewer(entry)
    if (damage === 'payload' && !isMended(entry, held)) {
      if (compareStamps(entry.record, held) < 0) return { status: 'superseded', by: held }
      const retainUntilMs = Math.max(entry.record.retainUntilMs, held.retainUntilMs)
      this.#records.byKey.set(key, { ...held, retainUntilMs })
      return { status: 'held', retainUntilMs }
    }
    this.#damage.delete(key)
    this.#records.byKey.delete(key)
    const retainUntilMs = damage === 'head' ? 0 : held.retainUntilMs
    const record = { ...entry.record, retainUntilMs: Math.max(entry.record.retainUntilMs, retainUntilMs) }
    const outcome = this.#records.putIfNewer({ record })
    return outcome.status === 'stored' && damage === 'payload' ? { ...outcome, replaced: held } : outcome
  }

  /** Puts it in the place of whatever is held. */
  place(record: VersionedRecord): void {
    this.remove(record.key)
    this.#records.putIfNewer({ record })
  }

  /** @returns whether there was anything */
  remove(key: string): boolean {
    this.#damage.delete(key)
    return this.#records.byKey.delete(key)
  }

  /** Drops what was to be retained until then, or less long. */
  expire(untilMs: number): void {
    for (const [key, record] of this.#records.byKey) if (record.retainUntilMs <= untilMs) this.remove(key)
  }

  purge(head: RecordHead): boolean {
    const isPurged = this.#records.purge(head)
    if (isPurged) this.#damage.delete(head.key)
    return isPurged
  }

  *pages(range: HashRange, options: ScanOptions, pageKeysMax: number): Generator<ScanEntry[]> {
    for (const page of pagesOf(this.#records.byKey, range, options, pageKeysMax)) {
      yield page.map((entry) => (this.#damage.get(entry.key) === 'head' ? unreadableHead(entry.key) : entry))
    }
  }

  digestSteps(range: HashRange, retirement: Retirement): Generator<DigestStep> {
    const readable = [...this.#records.byKey].filter(([key]) => this.#damage.get(key) !== 'head')
    return digestStepsOf(this.#damage.size === 0 ? this.#records.byKey : new Map(readable), range, retirement)
  }

  changesAfter(position: string | null): Generator<ChangesStep> {
    return this.#records.changes.stepsAfter(position)
  }

  #emptyRecords(): MemoryRecords {
    return new MemoryRecords(new MemoryChanges(`log-${this.lineage}`, changesKeysMax))
  }

  #corrupt(key: string, damage: Damage): CorruptRecord {
    const corrupt = { kind: 'corrupt', key, reason: 'damaged' } as const
    const held = this.peek(key)
    return damage === 'head' || held === null ? corrupt : { ...corrupt, storedIdentity: identityOf(held) }
  }
}

/** Whether a put may take the place of a damaged record of which the head can be read. */
function isMended({ record, mendsCorrupt, mendsIdentity }: Entry, held: VersionedRecord): boolean {
  const order = compareStamps(record, held)
  return order > 0 || (order === 0 && mendsCorrupt === true) || mendsIdentity === identityOf(held)
}

function identityOf({ version, kind }: VersionedRecord): string {
  return `${version} ${kind}`
}
