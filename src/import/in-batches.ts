import type { Timers } from '../runtime.ts'
import { ImportError, sourceError } from './import-error.ts'
import type { ImportEntry } from './import-source.ts'

const batchKeysMax = 500

export interface BatchLimits {
  /** How long the source may give nothing, in ms. */
  readonly stallTimeoutMs: number
  readonly timers: Timers
  readonly signal?: AbortSignal
}

/**
 * The entries of a source in batches of bounded size, each key at most once a batch. What goes wrong at the source
 * comes out as an `ImportError`; an abort rejects with the signal's reason.
 */
export async function* inBatches(
  pages: AsyncIterable<readonly ImportEntry[]>,
  limits: BatchLimits,
): AsyncGenerator<readonly ImportEntry[]> {
  const iterator = begun(pages)
  let batch = new Map<string, ImportEntry>()
  try {
    for (let page = await next(iterator, limits); page !== null; page = await next(iterator, limits)) {
      for (const entry of page) {
        batch.set(entry.key, entry)
        if (batch.size < batchKeysMax) continue
        yield [...batch.values()]
        limits.signal?.throwIfAborted()
        batch = new Map()
      }
    }
    if (batch.size > 0) yield [...batch.values()]
  } finally {
    // Nobody waits for it: a source that hangs would hang here too.
    void letGo(iterator)
  }
}

function begun(pages: AsyncIterable<readonly ImportEntry[]>): AsyncIterator<readonly ImportEntry[]> {
  try {
    return pages[Symbol.asyncIterator]()
  } catch (error) {
    throw sourceError(error)
  }
}

/** A source that throws is one that fails. */
async function pageAfter(
  iterator: AsyncIterator<readonly ImportEntry[]>,
): Promise<IteratorResult<readonly ImportEntry[]>> {
  return iterator.next()
}

/** @throws ImportError for what is no page of entries: nothing can be told from it */
function entriesIn(page: unknown): readonly ImportEntry[] {
  if (Array.isArray(page) && page.every(isEntry)) return page
  throw new ImportError('it gave something that is no page of entries')
}

function isEntry(entry: unknown): entry is ImportEntry {
  return typeof entry === 'object' && entry !== null && 'key' in entry && typeof entry.key === 'string'
}

/** Null after the last page. */
function next(
  iterator: AsyncIterator<readonly ImportEntry[]>,
  { stallTimeoutMs, timers, signal }: BatchLimits,
): Promise<readonly ImportEntry[] | null> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    // Not only when the page is there: that of a source that hangs never is, and a timer keeps the process alive.
    const fail = (error: unknown) => {
      stopWaiting()
      reject(error)
    }
    const abort = () => fail(signal?.reason)
    const cancelTimer = timers.after(stallTimeoutMs, () => {
      fail(new ImportError(`it gave nothing for ${stallTimeoutMs.toLocaleString('en-US')} ms`))
    })
    const stopWaiting = () => {
      cancelTimer()
      signal?.removeEventListener('abort', abort)
    }
    signal?.addEventListener('abort', abort, { once: true })
    pageAfter(iterator)
      .then(({ done, value }) => resolve(done === true ? null : entriesIn(value)))
      .catch((error: unknown) => reject(sourceError(error)))
      .finally(stopWaiting)
  })
}

async function letGo(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.()
  } catch {
    // What mattered was said before.
  }
}
