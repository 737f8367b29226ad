import { keyText, namespacePrefix } from '../core/key.ts'
import { ConfigError } from '../errors.ts'
import { type Runtime, systemRuntime } from '../runtime.ts'
import { sourceError } from './import-error.ts'
import type { ImportEntry } from './import-source.ts'
import { type ImportProgress, type ImportReport, ImportTally } from './import-tally.ts'
import type { ImportedRecord, ImportTarget } from './import-target.ts'
import { importedVersion } from './imported-version.ts'
import { inBatches } from './in-batches.ts'
import { type ImportableStore, type ImportPlan, importPlan } from './keyv-source.ts'
import { type DecodeEnvelope, isUnfit, readEnvelope } from './read-envelope.ts'

export interface ImportOptions {
  /** The namespace of the Keyv that used the old store; it stays the same here. Default: that of a Keyv that is given, else none. */
  readonly namespace?: string
  /**
   * The series that reads the store from now on, where it is another one than wrote it: keyv 5 hands `namespace:key` to its
   * store, and keyv 6 hands `key`. Default: keys stay as they were handed.
   */
  readonly keyv?: 5 | 6
  /** Told after every batch. What it throws ends the import. */
  readonly onProgress?: (progress: ImportProgress) => void
  /** Ends the import after the batch under way: it rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** How long the source may give nothing, in ms. Default: 60,000. */
  readonly stallTimeoutMs?: number
  readonly runtime?: Pick<Runtime, 'clock' | 'timers'>
}

const stallTimeoutDefaultMs = 60_000

/**
 * Brings what a Keyv has stored so far into a quorum store, so that the same Keyv over the quorum store gives the same
 * values with the same time to live.
 *
 * Never replaces what was written here, and never brings back what was deleted here: imported records are older than any
 * write. So it is safe while the store is in use, and to stop and to repeat: what changed in the old store since is
 * brought along, unless the key was written here meanwhile.
 *
 * @param source the Keyv, its storage adapter, a Map, or any other {@link ImportableStore}
 * @returns what became of the entries
 * @throws ImportError when the source fails or ends early, with what was imported so far in place
 * @throws QuorumError when the store loses its quorum
 * @throws ConfigError when the source or an option cannot be used
 */
export async function importFrom(
  source: ImportableStore,
  target: ImportTarget,
  options: ImportOptions = {},
): Promise<ImportReport> {
  assertSeries(options.keyv)
  const { runtime = systemRuntime, signal, onProgress, stallTimeoutMs = stallTimeoutDefaultMs } = options
  const { pages, namespace, decode } = planOf(source, options.namespace)
  const batch = new ImportBatch(target, namespace, { decode, clock: runtime.clock, keyv: options.keyv })
  const limits = { stallTimeoutMs, timers: runtime.timers, ...(signal && { signal }) }
  for await (const entries of inBatches(pages, limits)) {
    await batch.bring(entries)
    onProgress?.(batch.tally.progress())
  }
  return batch.tally.report()
}

/** A source may throw when it is looked at. */
function planOf(source: ImportableStore, namespace: string | undefined): ImportPlan {
  try {
    return importPlan(source, namespace)
  } catch (error) {
    throw sourceError(error)
  }
}

function assertSeries(keyv: unknown): void {
  if (keyv !== undefined && keyv !== 5 && keyv !== 6) throw new ConfigError('keyv', '5 or 6')
}

interface BatchOptions {
  readonly decode: DecodeEnvelope
  readonly clock: Runtime['clock']
  readonly keyv: 5 | 6 | undefined
}

/** Brings one batch after the other into a namespace, and counts. */
class ImportBatch {
  readonly tally = new ImportTally()
  readonly #target: ImportTarget
  readonly #view: ReturnType<ImportTarget['withNamespace']>
  readonly #prefix: string
  /** What keyv 5 puts before a key that it hands to its store. */
  readonly #handedPrefix: string
  readonly #options: BatchOptions

  constructor(target: ImportTarget, namespace: string | undefined, options: BatchOptions) {
    this.#target = target
    this.#view = target.withNamespace(namespace)
    this.#prefix = namespacePrefix(namespace)
    this.#handedPrefix = namespace ? `${namespace}:` : ''
    this.#options = options
  }

  async bring(entries: readonly ImportEntry[]): Promise<void> {
    const records = await Promise.all(entries.map((entry) => this.#record(entry)))
    const due = this.#withoutTwins(records.filter((record) => record !== null))
    if (due.length === 0) return
    for (const outcome of await this.#target.putImported(due)) this.tally.count(outcome)
  }

  /** Two keys of the source may become one where the series changes. */
  #withoutTwins(records: readonly ImportedRecord[]): ImportedRecord[] {
    const byKey = new Map<string, ImportedRecord>()
    for (const record of records) {
      if (byKey.has(record.key)) this.tally.skip({ key: record.key, reason: 'another entry has the same key here' })
      else byKey.set(record.key, record)
    }
    return [...byKey.values()]
  }

  /** Null when there is nothing to write, which was counted. */
  async #record(entry: ImportEntry): Promise<ImportedRecord | null> {
    const read = await readEnvelope(entry, this.#options.decode, this.#options.clock.nowMs())
    if (isUnfit(read)) {
      this.tally.skip({ key: entry.key, reason: read.reason })
      return null
    }
    const key = this.#handed(entry.key)
    const { winner } = await this.#view.explain(key)
    const version = importedVersion(read, winner)
    if (version === null) {
      this.tally.count('kept')
      return null
    }
    return { key: keyText(this.#prefix, key), ...read, version }
  }

  /** The key as the Keyv that reads the store hands it. */
  #handed(key: string): string {
    const isPrefixed = this.#handedPrefix !== '' && key.startsWith(this.#handedPrefix)
    if (this.#options.keyv === 6 && isPrefixed) return key.slice(this.#handedPrefix.length)
    return this.#options.keyv === 5 && !isPrefixed ? this.#handedPrefix + key : key
  }
}
