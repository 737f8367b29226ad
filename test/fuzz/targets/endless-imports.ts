import fc from 'fast-check'
import { ImportError } from '../../../src/import/import-error.ts'
import { importFrom } from '../../../src/import/import-from.ts'
import type { ImportEntry } from '../../../src/import/import-source.ts'
import type { ImportTarget } from '../../../src/import/import-target.ts'
import { type End, endOf } from '../../support/end-of.ts'
import { SimulatedTime } from '../../support/simulated-time.ts'
import { assertNothingAdded } from '../prototypes.ts'
import type { FuzzTarget } from '../target.ts'

interface Drawn {
  readonly gives: 'empty pages' | 'the same entry' | 'ever new entries' | 'large pages'
  /** How long each page takes, in simulated ms. */
  readonly pageMs: number
  /** How many pages come before none does; null where they never stop coming. */
  readonly pages: number | null
  readonly stallTimeoutMs: number
  /** When somebody has had enough. */
  readonly abortAfterMs: number
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  gives: fc.constantFrom('empty pages', 'the same entry', 'ever new entries', 'large pages'),
  pageMs: fc.integer({ min: 40, max: 400 }),
  pages: fc.option(fc.nat({ max: 50 })),
  stallTimeoutMs: fc.integer({ min: 500, max: 3_000 }),
  abortAfterMs: fc.integer({ min: 1, max: 4_000 }),
})

const batchKeysMax = 500
const largePage = 600
const stepMs = 100

/** A store that never ends: pages for ever, or none any more. */
class EndlessSource {
  isLetGo = false
  readonly #given: Drawn
  readonly #time: SimulatedTime
  #entries = 0

  constructor(given: Drawn, time: SimulatedTime) {
    this.#given = given
    this.#time = time
  }

  async *pages(): AsyncGenerator<readonly ImportEntry[]> {
    const { pages, pageMs } = this.#given
    try {
      for (let count = 0; ; count += 1) {
        await new Promise<void>((resolve) => this.#time.timers.after(pageMs, resolve))
        if (count === pages) await new Promise(() => undefined)
        yield this.#page()
      }
    } finally {
      this.isLetGo = true
    }
  }

  #page(): readonly ImportEntry[] {
    const { gives } = this.#given
    if (gives === 'empty pages') return []
    if (gives === 'the same entry') return [{ key: 'same', stored: '{"value":1}' }]
    return Array.from({ length: gives === 'large pages' ? largePage : 1 }, () => this.#entry())
  }

  #entry(): ImportEntry {
    this.#entries += 1
    return { key: `new ${this.#entries}`, stored: '{"value":1}' }
  }
}

const target: ImportTarget = {
  withNamespace: () => ({ explain: async () => ({ winner: null }) }),
  putImported: async (records) => {
    if (records.length > batchKeysMax) throw new Error(`a batch of ${records.length} records`)
    return records.map(() => 'imported')
  },
}

/** A source that stalls has failed when its time is over; one that goes on for ever goes on until somebody has had enough. */
async function ends(given: Drawn): Promise<void> {
  const time = new SimulatedTime(Date.UTC(2026, 0))
  const source = new EndlessSource(given, time)
  const abort = new AbortController()
  const { stallTimeoutMs, abortAfterMs } = given
  const runtime = time.runtime()
  const end = endOf(importFrom(source, target, { signal: abort.signal, stallTimeoutMs, runtime }))
  await time.settle()
  for (let nowMs = 0; nowMs < abortAfterMs; nowMs += stepMs) await time.advance(stepMs)
  assertStalled(given, end)
  const enough = new Error('enough')
  abort.abort(enough)
  await time.settle()
  if (end.state === 'open') throw new Error('it goes on')
  if (end.error !== enough && !(end.error instanceof ImportError)) throw new Error(`it ended by ${String(end.error)}`)
  await time.advance(given.pageMs)
  if (time.timersPending > 0) throw new Error(`${time.timersPending} timers were left behind`)
  if (given.pages === null && !source.isLetGo) throw new Error('the source was not let go')
  assertNothingAdded()
}

function assertStalled({ pages, pageMs, stallTimeoutMs, abortAfterMs }: Drawn, end: End<unknown>): void {
  const stallsAtMs = pages === null ? Number.POSITIVE_INFINITY : pages * pageMs + stallTimeoutMs
  const endedMs = Math.ceil(abortAfterMs / stepMs) * stepMs
  const isOver = endedMs >= stallsAtMs
  if (isOver !== (end.state === 'rejected'))
    throw new Error(`it is ${end.state} after ${endedMs} ms: ${String(end.error)}`)
}

export const endlessImportTarget: FuzzTarget = {
  name: 'endless-imports',
  casesPerRound: 30,
  open: () => ({ property: fc.asyncProperty(drawn, ends) }),
}
