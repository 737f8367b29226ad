import fc from 'fast-check'

/** Pieces of text that somebody, somewhere, took for something else. */
const awkwardPieces: readonly string[] = [
  '',
  '\0',
  '\u0001',
  '\u0001ledger:sweep',
  '\ud800',
  '\udfff',
  '\udc00\ud800',
  '\ufeff',
  '\u2028',
  '\u202e',
  '\r\n',
  '\u001b[31m',
  ':',
  '::',
  '/',
  '..',
  '%',
  '%00',
  '%zz',
  '%2540',
  '*',
  '?',
  '#',
  '@',
  '=',
  '&',
  ',',
  "'",
  '"',
  '\\',
  '`',
  '{',
  '[',
  '$' + '{HOME}',
  '$$' + '{',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'null',
  'undefined',
  'NaN',
  'Infinity',
  '-1',
  '0',
  '1e309',
  '9007199254740993',
  '0x10',
  'ffffffffffff',
  '😀',
  'é',
  'e\u0301',
  'ß',
  'İ',
]

const awkward = fc.constantFrom(...awkwardPieces)
const stretch = fc
  .tuple(fc.constantFrom('a', '0', ' ', ':', '%', '\ud800', '{', '[', '\\'), fc.integer({ min: 100, max: 3_000 }))
  .map(([character, count]) => character.repeat(count))

/** Any text at all, with a liking for what has tripped others; now and then long. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 4, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 4, arbitrary: awkward },
  {
    weight: 4,
    arbitrary: fc
      .array(fc.oneof(awkward, fc.string({ maxLength: 4 })), { maxLength: 6 })
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: stretch },
)

/** Values of every type, texts that are hostile among them. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: hostileText },
  { weight: 3, arbitrary: fc.constantFrom(null, undefined, true, false, 0, -0, -1, 1.5, 2 ** 48, 2 ** 53, 1e300) },
  { weight: 2, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 10n, 10n ** 40n) },
  { weight: 2, arbitrary: fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, maxDepth: 2 }) },
)
