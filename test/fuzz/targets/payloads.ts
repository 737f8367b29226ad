import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { ValueError } from '../../../src/errors.ts'
import { decodePayload, encodePayload } from '../../../src/payload.ts'
import { ending } from '../documented-errors.ts'
import { hostileText, hostileValue } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import type { FuzzTarget } from '../target.ts'

const richValues: fc.Arbitrary<unknown> = fc.oneof(
  hostileValue,
  fc.constantFrom(
    new Map([['k', new Set([1])]]),
    new Date(0),
    /a/g,
    Buffer.from('abc'),
    new Float64Array(3),
    new Error('e'),
  ),
  fc.constantFrom(() => undefined, Symbol('s'), { toString: 1 }),
  fc.anything({ withMap: true, withSet: true, withTypedArray: true, withSparseArray: true, maxDepth: 3 }),
)

/** A value comes back as it went in, or is refused before anything is stored. */
export const valueTarget: FuzzTarget = {
  name: 'values',
  casesPerRound: 3_000,
  open: () => ({
    property: fc.property(richValues, (value) => {
      const encoded = ending(() => encodePayload(value), [ValueError])
      if ('refusal' in encoded) return
      if (!encoded.result.isWellFormed() || encoded.result.includes('\0')) throw new Error('no text for a replica')
      if (typeof value === 'object') return assertNothingAdded()
      if (!isDeepStrictEqual(decodePayload(encoded.result), value)) throw new Error('another value came back')
    }),
  }),
}

const payloads = fc.oneof(
  mutatedText(
    richValues.map((value) => {
      const encoded = ending(() => encodePayload(value), [ValueError])
      return 'refusal' in encoded ? 'c' : encoded.result
    }),
  ),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => `c${Buffer.from([0xff, 0x0f, ...bytes]).toString('base64')}`),
  hostileText,
)

/** What a payload may hold that no version of this package wrote. */
export const payloadTarget: FuzzTarget = {
  name: 'payloads',
  casesPerRound: 3_000,
  open: () => ({
    property: fc.property(payloads, (payload) => {
      const decoded = ending(() => decodePayload(payload), [ValueError])
      assertNothingAdded()
      if ('refusal' in decoded || payload.startsWith('c')) return
      if (encodePayload(decoded.result) !== payload && payload.isWellFormed() && !payload.includes('\0')) {
        throw new Error(`accepted as ${encodePayload(decoded.result)}`)
      }
    }),
  }),
}
