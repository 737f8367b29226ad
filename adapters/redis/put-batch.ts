import { encodeHead, encodeRecord, identityLength, layout, type VersionedRecord } from '../../src/core/record.ts'
import { compareStamps } from '../../src/core/resolve.ts'
import type { Entry, PutOutcome } from '../../src/replica.ts'
import { decodeStampOnce } from './decode-once.ts'
import type { RedisArgument } from './driver.ts'
import type { RedisRequest } from './exchange.ts'
import { putScript, renameScript, scriptCommand, sourceCommand } from './lua-scripts.ts'
import { elementsOf, inParts, isTextOrNull, keysAt, type RedisBatch } from './redis-batch.ts'
import type { RedisFailures } from './redis-failures.ts'
import type { StoredKeys } from './stored-keys.ts'

export interface PutSettings {
  readonly stored: StoredKeys
  readonly failures: RedisFailures
  /** How much later than its retention a record expires in Redis itself. */
  readonly expiryMarginMs: number
  readonly nowMs: number
  /** Where what is stored is logged; null for nowhere. */
  readonly log: PutLog | null
}

export interface PutLog {
  readonly entriesMax: number
  /** Another one for each call, of at most 30 characters. */
  readonly callText: string
}

/** Payloads from here on take the way of `renameScript`: handing one to Lua costs more than a second key. */
const largePayloadLength = 1_024
/** So that one transaction does not hold the server up for long. */
const transactionLengthMax = 1_000_000

export class PutBatch implements RedisBatch {
  readonly keys: readonly string[]
  readonly changes = true
  readonly outcomes: PutOutcome[]
  readonly #entries: readonly Entry[]
  readonly #settings: PutSettings

  constructor(entries: readonly Entry[], settings: PutSettings) {
    this.#entries = entries
    this.#settings = settings
    this.keys = entries.map(({ record }) => settings.stored.keyOf(record.key))
    this.outcomes = new Array(entries.length)
  }

  requests(indexes: readonly number[], isPlain: boolean): RedisRequest[] {
    const isLarge = (index: number) => this.#payloadLength(index) >= largePayloadLength
    const large = indexes.filter(isLarge)
    const small = large.length === 0 ? indexes : indexes.filter((index) => !isLarge(index))
    const lengthOf = (index: number) => this.#payloadLength(index)
    return [
      ...inParts(small).map((part) => this.#inScript(part, 'whole')),
      ...inParts(large, lengthOf, transactionLengthMax).map((part) =>
        isPlain ? this.#inScript(part, 'head') : this.#inTransaction(part),
      ),
    ]
  }

  accept({ indexes }: RedisRequest, reply: unknown): void {
    const answers = elementsOf(reply, indexes.length)
    if (answers === null) throw this.#settings.failures.corrupt('the put script answered with something else')
    for (let place = 0; place < indexes.length; place += 1) {
      const index = indexes[place] ?? 0
      const answer = answers[place]
      if (!isTextOrNull(answer)) throw this.#settings.failures.corrupt('the put script answered with no outcome')
      this.outcomes[index] = outcomeOf(this.#record(index), answer)
    }
  }

  #inScript(indexes: readonly number[], reads: 'whole' | 'head'): RedisRequest {
    const values = [...this.#settingsFor(indexes), reads]
    const texts = textsOf(this.#entries)
    for (const index of indexes) values.push(texts[index] ?? encodeRecord(this.#record(index)))
    const keys = keysAt(this.keys, indexes)
    this.#addLogKey(keys)
    return { indexes, commands: [scriptCommand(putScript, keys, values)] }
  }

  /**
   * The new texts come first, under keys of their own that nobody sees: all or nothing of a transaction happens, and at
   * its end they are gone. The script goes with its source, because one that the server did not know would leave them.
   */
  #inTransaction(indexes: readonly number[]): RedisRequest {
    const texts: RedisArgument[] = ['MSET']
    const keys: string[] = []
    const values = this.#settingsFor(indexes)
    for (const [place, index] of indexes.entries()) {
      const record = this.#record(index)
      const head = encodeHead(record)
      const newKey = this.#settings.stored.newTextKey(place)
      texts.push(newKey, bytesOf(record))
      keys.push(this.keys[index] ?? '', newKey)
      values.push(head)
    }
    this.#addLogKey(keys)
    const commands = [
      { args: ['MULTI'] },
      { args: texts },
      sourceCommand(renameScript, keys, values),
      { args: ['EXEC'] },
    ]
    return { indexes, commands, isTransaction: true }
  }

  #settingsFor(indexes: readonly number[]): string[] {
    const isMending = indexes.some((index) => this.#entries[index]?.mendsCorrupt === true)
    const mending = isMending ? indexes.map((index) => mendingText(this.#entries[index])) : []
    const { expiryMarginMs, nowMs, log } = this.#settings
    const logging = log === null ? ['0', ''] : [String(log.entriesMax), log.callText]
    return [String(expiryMarginMs), String(nowMs), mending.join(''), ...logging]
  }

  #addLogKey(keys: string[]): void {
    if (this.#settings.log !== null) keys.push(this.#settings.stored.logKey)
  }

  #record(index: number): VersionedRecord {
    const entry = this.#entries[index]
    if (entry === undefined) throw new RangeError(`a batch of ${this.#entries.length} entries has no entry ${index}`)
    return entry.record
  }

  #payloadLength(index: number): number {
    return this.#entries[index]?.record.payload.length ?? 0
  }
}

/** The replicas of a store are each given the same list of entries: their texts are made once. */
const texts = new WeakMap<readonly Entry[], readonly (string | null)[]>()

function textsOf(entries: readonly Entry[]): readonly (string | null)[] {
  const known = texts.get(entries)
  if (known !== undefined) return known
  const made = entries.map(({ record }) => (record.payload.length < largePayloadLength ? encodeRecord(record) : null))
  texts.set(entries, made)
  return made
}

/** The same for large records, each by itself. */
const bytes = new WeakMap<VersionedRecord, Buffer>()

function bytesOf(record: VersionedRecord): Buffer {
  const known = bytes.get(record)
  if (known !== undefined) return known
  const made = Buffer.from(encodeRecord(record))
  bytes.set(record, made)
  return made
}

/** One mark, and what may be replaced although it seems newer, which is of fixed width too. */
function mendingText(entry: Entry | undefined): string {
  const mark = entry?.mendsCorrupt === true ? '1' : '0'
  return mark + (entry?.mendsIdentity ?? '').padEnd(identityLength).slice(0, identityLength)
}

/** What became of a record, from the stamp that was held and the sign that the script may add to it. */
function outcomeOf(record: VersionedRecord, answer: string | null): PutOutcome {
  const { retainUntilMs } = record
  const held = answer === null ? null : decodeStampOnce(answer)
  if (answer === null || held === null) return { status: 'stored', retainUntilMs, replaced: null }
  const longestMs = Math.max(retainUntilMs, held.retainUntilMs)
  const sign = answer.length > layout.stampLength ? answer[layout.stampLength] : signOf(compareStamps(record, held))
  if (sign === '+') return { status: 'stored', retainUntilMs: longestMs, replaced: held }
  if (sign === '=') return { status: 'held', retainUntilMs: longestMs }
  return { status: 'superseded', by: held }
}

function signOf(order: number): '+' | '-' {
  return order > 0 ? '+' : '-'
}
