import type { Mutant } from './mutant.ts'
import { all, expiresByItself, has, hasExpiry, isAbout } from './suits.ts'

const memoryRecords = 'adapters/memory/memory-records.ts'
const version = 'src/core/version.ts'

export const recordMutants: readonly Mutant[] = [
  {
    name: 'a put does not compare versions',
    found: 'quickly',
    breaks: 'G2',
    caughtBy: ['regular', 'lost-write'],
    edits: [
      {
        file: memoryRecords,
        search: 'if (held !== undefined && order < 0)',
        replace: 'if (held !== undefined && false)',
      },
    ],
  },
  {
    name: 'a repair is put whatever is held',
    found: 'slowly',
    breaks: 'G2',
    caughtBy: ['regular', 'lost-write'],
    suits: isAbout('islands'),
    edits: [
      {
        file: 'src/background/repair.ts',
        search: "if (held !== 'corrupt') return { record }",
        replace: "if (held !== 'corrupt') return { record, isForced: true }",
      },
      {
        file: memoryRecords,
        search: 'putIfNewer({ record }: Entry)',
        replace: 'putIfNewer({ record, isForced }: Entry)',
      },
      {
        file: memoryRecords,
        search: 'if (held !== undefined && order < 0)',
        replace: 'if (held !== undefined && order < 0 && isForced !== true)',
      },
    ],
  },
  {
    name: 'a put does not carry the retention over',
    found: 'slowly',
    breaks: 'D1',
    caughtBy: ['resurrection'],
    suits: all(has('delete'), has('sweep', 2)),
    edits: [
      {
        file: memoryRecords,
        search: 'Math.max(record.retainUntilMs, held?.retainUntilMs ?? 0)',
        replace: 'record.retainUntilMs',
      },
    ],
  },
  {
    name: 'a value with an expiry has no retention',
    found: 'quickly',
    breaks: 'D1',
    caughtBy: ['regular', 'lost-write', 'resurrection'],
    suits: all(hasExpiry, expiresByItself),
    edits: [
      {
        file: 'src/core/record.ts',
        search: 'retainUntilMs: endsAtMs ?? foreverMs, payload',
        replace: 'retainUntilMs: endsAtMs === null ? foreverMs : 0, payload',
      },
    ],
  },
  {
    name: 'a dead record is retired when it dies',
    found: 'quickly',
    breaks: 'D1',
    caughtBy: ['resurrection'],
    suits: all(has('delete'), has('sweep', 2)),
    edits: [
      {
        file: 'src/core/retirement.ts',
        search: 'stamp.retainUntilMs <= retainedUntilMs || diedAtMs',
        replace: 'diedAtMs <= retainedUntilMs || diedAtMs',
      },
    ],
  },
  {
    name: 'a purge does not look at the version',
    found: 'not yet',
    why: 'A write would have to arrive at two replicas between the look at the dead record and its purge there.',
    breaks: 'D6',
    caughtBy: ['regular', 'lost-write'],
    suits: isAbout('absence'),
    edits: [
      {
        file: memoryRecords,
        search: 'this.byKey.get(key)?.version === version && this.byKey.delete(key)',
        replace: 'version.length > 0 && this.byKey.delete(key)',
      },
    ],
  },
  {
    name: 'no tombstone is kept where nothing was held',
    found: 'quickly',
    breaks: 'G7',
    caughtBy: ['resurrection'],
    suits: all(has('delete'), isAbout('islands')),
    edits: [
      {
        file: memoryRecords,
        search: '    const retainUntilMs = Math.max(',
        replace:
          "    if (held === undefined && record.kind === 'tombstone')\n" +
          "      return { status: 'stored', retainUntilMs: record.retainUntilMs, replaced: null }\n" +
          '    const retainUntilMs = Math.max(',
      },
    ],
  },
  {
    name: 'versions go back with the clock',
    found: 'quickly',
    breaks: 'G2',
    caughtBy: ['regular', 'lost-write'],
    suits: has('clock', 2),
    edits: [{ file: version, search: 'if (wholeMs > this.#ms) this', replace: 'if (wholeMs !== this.#ms) this' }],
  },
  {
    name: 'two versions of a millisecond are the same',
    found: 'quickly',
    breaks: 'G2',
    caughtBy: ['regular', 'lost-write'],
    edits: [{ file: version, search: 'this.#counter += 1', replace: 'this.#counter += 0' }],
  },
]
