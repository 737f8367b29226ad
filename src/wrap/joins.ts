import type { VersionedRecord } from '../core/record.ts'
import { compareRecords, newerStamp } from '../core/resolve.ts'
import type { Entry, PutOutcome } from '../replica.ts'

/**
 * Several requests made one, and its answer taken apart again. Keys that occur more than once travel once.
 */
export interface Join<Item, Answer> {
  /** What to send. */
  readonly items: readonly Item[]
  /** The answers for the request with this index, out of the answers to `items`. */
  split(request: number, answers: readonly Answer[]): readonly Answer[]
}

export function joinReads<Answer>(requests: readonly (readonly string[])[]): Join<string, Answer> {
  const places = new Map<string, number>()
  for (const keys of requests) {
    for (const key of keys) if (!places.has(key)) places.set(key, places.size)
  }
  return {
    items: [...places.keys()],
    split: (request, answers) => (requests[request] ?? []).map((key) => answers[places.get(key) ?? -1] as Answer),
  }
}

/**
 * Of several puts of one key only the newest travels, with the longest retention of them all; the others are answered
 * as if they had been applied just before it, which is what a replica would have done with them one by one.
 */
export function joinPuts(requests: readonly (readonly Entry[])[]): Join<Entry, PutOutcome> {
  const places = new Map<string, number>()
  const joined: JoinedPut[] = []
  for (const entry of requests.flat()) {
    const place = places.get(entry.record.key)
    const first = place === undefined ? undefined : joined[place]
    if (place === undefined || first === undefined) {
      places.set(entry.record.key, joined.length)
      joined.push({ sent: entry, under: null })
    } else joined[place] = combine(first, entry)
  }
  return {
    items: joined.map(({ sent }) => sent),
    split: (request, answers) =>
      (requests[request] ?? []).map((entry) => {
        const place = places.get(entry.record.key) ?? -1
        return outcomeFor(entry, joined[place] as JoinedPut, answers[place] as PutOutcome)
      }),
  }
}

interface JoinedPut {
  readonly sent: Entry
  /** The newest of the records that travel only in name. */
  readonly under: VersionedRecord | null
}

function combine(first: JoinedPut, entry: Entry): JoinedPut {
  const order = compareRecords(first.sent.record, entry.record)
  const newer = order >= 0 ? first.sent.record : entry.record
  const older = order >= 0 ? entry.record : first.sent.record
  const retainUntilMs = Math.max(newer.retainUntilMs, older.retainUntilMs)
  const mendsCorrupt = first.sent.mendsCorrupt === true || entry.mendsCorrupt === true
  const mendsIdentity = entry.mendsIdentity ?? first.sent.mendsIdentity
  const record = retainUntilMs > newer.retainUntilMs ? { ...newer, retainUntilMs } : newer
  return {
    sent: mendsIdentity === undefined ? { record, mendsCorrupt } : { record, mendsCorrupt, mendsIdentity },
    under: order === 0 || (first.under !== null && compareRecords(first.under, older) > 0) ? first.under : older,
  }
}

function outcomeFor(entry: Entry, { sent, under }: JoinedPut, outcome: PutOutcome): PutOutcome {
  const wasSent = compareRecords(entry.record, sent.record) === 0
  if (wasSent)
    return outcome.status === 'stored' ? { ...outcome, replaced: newerStamp(under, outcome.replaced) } : outcome
  return outcome.status === 'held' ? { status: 'superseded', by: sent.record } : outcome
}
