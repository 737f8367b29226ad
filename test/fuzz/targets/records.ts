import fc from 'fast-check'
import { entryOfStore, readHead, readRecord, storedKey, storedText } from '../../../adapters/keyv/stored-text.ts'
import { digitsOf } from '../../../src/core/digest.ts'
import { keyHash } from '../../../src/core/hash.ts'
import {
  decodeHead,
  decodeRecord,
  decodeStamp,
  encodeRecord,
  foreverMs,
  isCorrupt,
  layout,
  newTombstone,
  newValue,
  type RecordStamp,
  type VersionedRecord,
} from '../../../src/core/record.ts'
import { timeMaxMs, timeText } from '../../../src/core/version.ts'
import { hostileText } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import type { FuzzTarget } from '../target.ts'

/** As `core/key.ts` makes them. */
const storedKeys = hostileText.map((text) => `:${text.toWellFormed().replaceAll('\0', '')}`)
const versions = fc
  .tuple(fc.oneof(fc.integer({ min: 0, max: timeMaxMs }), fc.constantFrom(0, timeMaxMs)), fc.nat({ max: 2 ** 31 }))
  .map(([ms, rest]) => timeText(ms) + rest.toString(16).padStart(16, '0'))
const times = fc.oneof(fc.integer({ min: 0, max: timeMaxMs }), fc.constantFrom(0, timeMaxMs))

/** Any record that may be held. */
export const records: fc.Arbitrary<VersionedRecord> = fc
  .record({ key: storedKeys, version: versions, isTombstone: fc.boolean(), ms: fc.option(times), payload: hostileText })
  .map(({ key, version, isTombstone, ms, payload }) =>
    isTombstone
      ? newTombstone(key, version, ms ?? 0)
      : newValue(key, version, payload.toWellFormed().replaceAll('\0', ''), ms),
  )

const texts = records.chain((record) =>
  fc.tuple(fc.constant(record.key), mutatedText(fc.constantFrom(encodeRecord(record), storedText(record)))),
)

function decodeAll(key: string, text: string): void {
  const stamp = decodeStamp(text)
  if (stamp !== null) assertSame(stampText(stamp), text.slice(0, layout.stampLength))
  const head = decodeHead(key, text)
  if (!isCorrupt(head)) {
    const hash = text.slice(layout.hashOffset, layout.checksumOffset)
    assertSame(`${stampText(head)}#${hash}${head.checksum}`, text.slice(0, layout.headLength))
  }
  const record = decodeRecord(key, text)
  if (!isCorrupt(record)) assertSame(encodeRecord(record), text)
}

function readAll(key: string, stored: string): void {
  const record = readRecord(key, stored)
  if (record !== null && !isCorrupt(record)) assertSame(storedText(record), stored)
  readHead(key, stored)
  const entry = entryOfStore(storedKey(key), stored)
  if (entry !== null && entry !== 'unknown key' && storedKey(entry.key) !== storedKey(key)) {
    throw new Error(`an entry was taken for the record of another key: ${JSON.stringify(entry.key)}`)
  }
}

function stampText({ version, kind, expiresAtMs, retainUntilMs }: RecordStamp): string {
  const digit = kind === 'tombstone' ? '1' : '0'
  return `${layout.formatMark}${version}${digit}${timeText(expiresAtMs ?? foreverMs)}${timeText(retainUntilMs)}`
}

function assertSame(encoded: string, text: string): void {
  if (encoded !== text) throw new Error(`accepted as ${JSON.stringify(encoded)}`)
}

/** What the backends hold, damaged in every way: a decoder refuses it, or gives what encodes to the very same text. */
export const recordTarget: FuzzTarget = {
  name: 'records',
  casesPerRound: 6_000,
  open: () => ({
    property: fc.property(texts, ([key, text]) => {
      decodeAll(key, text)
      readAll(key, text)
      assertNothingAdded()
    }),
  }),
}

const headDigits = fc.stringMatching(/^[0-9a-f]{53}$/)

/** Heads that are right in form, whatever they say: the checksum alone tells that no replica wrote them. */
export const forgedHeadTarget: FuzzTarget = {
  name: 'forged-heads',
  casesPerRound: 3_000,
  open: () => ({
    property: fc.property(storedKeys, headDigits, hostileText, (key, digits, payload) => {
      const kind = Number.parseInt(digits[28] ?? '0', 16) % 2
      const stamp = `1${digits.slice(0, 28)}${kind}${digits.slice(29)}`
      decodeAll(key, `${stamp}#${digitsOf(keyHash(key))}${digitsOf(keyHash(payload))}${payload}`)
      assertNothingAdded()
    }),
  }),
}
