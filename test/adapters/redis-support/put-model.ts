import { layout, type RecordStamp, type VersionedRecord } from '../../../src/core/record.ts'
import { compareRecords } from '../../../src/core/resolve.ts'
import type { Entry, PutOutcome } from '../../../src/replica.ts'

/** What a put must do, written down as plainly as can be, for one key. Null is nothing held, a text is no record. */
export type Held = VersionedRecord | string | null

export function modelPut(held: Held, { record, mendsCorrupt = false }: Entry): { held: Held; outcome: PutOutcome } {
  if (held === null || typeof held === 'string') return stored(record, null)
  const order = compareRecords(record, held)
  if (order > 0) return stored(record, held)
  if (mendsCorrupt && record.version === held.version && !isSame(record, held)) return stored(record, held)
  if (order < 0) return { held, outcome: { status: 'superseded', by: stampOf(held) } }
  const retainUntilMs = Math.max(record.retainUntilMs, held.retainUntilMs)
  return { held: { ...held, retainUntilMs }, outcome: { status: 'held', retainUntilMs } }
}

function stored(record: VersionedRecord, replaced: VersionedRecord | null): { held: Held; outcome: PutOutcome } {
  const retainUntilMs = Math.max(record.retainUntilMs, replaced?.retainUntilMs ?? 0)
  return {
    held: { ...record, retainUntilMs },
    outcome: { status: 'stored', retainUntilMs, replaced: replaced === null ? null : stampOf(replaced) },
  }
}

/** Everything but the retention, which is no part of a record's identity. */
function isSame(a: VersionedRecord, b: VersionedRecord): boolean {
  return a.kind === b.kind && a.payload === b.payload && a.expiresAtMs === b.expiresAtMs
}

function stampOf({ version, kind, expiresAtMs, retainUntilMs }: RecordStamp): RecordStamp {
  return { version, kind, expiresAtMs, retainUntilMs }
}

/** Texts that are no record, some of them nearly one. */
export const unreadableTexts: readonly string[] = [
  '',
  '?',
  'x'.repeat(100),
  '1'.repeat(layout.headLength - 1),
  `2${'0'.repeat(100)}`,
  `1${'f'.repeat(28)}2${'0'.repeat(32)}`,
  `1${'F'.repeat(28)}0${'0'.repeat(32)}`,
  `1${'z'.repeat(28)}0${'0'.repeat(32)}`,
  `1${'f'.repeat(28)}0${'f'.repeat(12)}${'é'.repeat(20)}`,
  `1${'f'.repeat(28)}1${'f'.repeat(31)}`,
  ...[
    `#${'1'.repeat(19)}`,
    `#${'1'.repeat(10)}0${'1'.repeat(9)}`,
    `:${'1'.repeat(20)}`,
    `#${'1'.repeat(10)}é${'1'.repeat(9)}`,
  ].flatMap((digits) => [`1${'0'.repeat(53)}${digits}`, `1${'f'.repeat(53)}${digits}`]),
  // Whole but for the mark, a digit of the version, or the kind.
  ...[`2${'0'.repeat(28)}0`, `1${'F'.repeat(28)}0`, `1${'z'.repeat(28)}0`, `1${'f'.repeat(28)}2`].map(
    (order) => `${order}${'f'.repeat(24)}#${'1'.repeat(20)}`,
  ),
]
