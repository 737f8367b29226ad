import fc from 'fast-check'
import type { HashRange } from '../../../src/core/hash.ts'
import { hashSpace } from '../../../src/core/hash.ts'
import { newTombstone, newValue, type VersionedRecord } from '../../../src/core/record.ts'
import type { Retirement } from '../../../src/core/retirement.ts'
import { timeMaxMs } from '../../../src/core/version.ts'
import { userKey, versionAt } from '../../conformance/samples.ts'

/** Small, so that deaths, retentions and the times of retirement meet, also at the edges. */
const time = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(timeMaxMs - 1, timeMaxMs))

const record: fc.Arbitrary<VersionedRecord> = fc
  .record({
    name: fc.oneof(fc.integer({ min: 0, max: 2000 }).map(String), fc.string({ maxLength: 3, unit: 'grapheme' })),
    diedAtMs: time,
    expiresAtMs: fc.option(time, { nil: null }),
    retainUntilMs: time,
    isTombstone: fc.boolean(),
  })
  .map(({ name, diedAtMs, expiresAtMs, retainUntilMs, isTombstone }) => {
    const [key, version] = [userKey(name), versionAt(diedAtMs)]
    const made = isTombstone ? newTombstone(key, version, 0) : newValue(key, version, name, expiresAtMs)
    return { ...made, retainUntilMs }
  })

/** Records of all kinds, one for a key. */
export const recordsOfAllKinds: fc.Arbitrary<VersionedRecord[]> = fc.uniqueArray(record, {
  selector: ({ key }) => key,
  maxLength: 60,
})

export const anyRetirement: fc.Arbitrary<Retirement> = fc.record({
  retainedUntilMs: fc.oneof(fc.constant(-1), time),
  diedUntilMs: fc.oneof(fc.constant(-1), time, fc.constant(timeMaxMs + 10)),
})

export const anyRange: fc.Arbitrary<HashRange> = fc
  .tuple(fc.integer({ min: 0, max: hashSpace }), fc.integer({ min: 0, max: hashSpace }))
  .map(([one, other]) => ({ from: Math.min(one, other), to: Math.max(one, other) }))
