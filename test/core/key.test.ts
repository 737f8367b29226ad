import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPlain, keyText, namespacePrefix, parseKeyText } from '../../src/core/key.ts'

/** Any UTF-16 units at all, with a liking for those that mean something here. */
const awkwardText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\0',
        '\u0001',
        ':',
        '::',
        '\ud800',
        '\udc00',
        '\udfff',
        'd800',
        '0',
        '1',
        'c',
        '%',
        '*',
        '__proto__',
      ),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''))
const namespace = fc.option(
  awkwardText.filter((text) => text !== ''),
  { nil: undefined },
)

describe('the text of a key', () => {
  test('is parsed back to namespace and key, whatever they hold', () => {
    fc.assert(
      fc.property(namespace, awkwardText, (space, key) => {
        expect(parseKeyText(keyText(namespacePrefix(space), key))).toEqual({ namespace: space, key })
      }),
      { numRuns: 5_000 },
    )
  })

  test('is one that every backend can hold: well-formed, without NUL', () => {
    fc.assert(
      fc.property(namespace, awkwardText, (space, key) => {
        const text = keyText(namespacePrefix(space), key)
        expect(text.isWellFormed()).toBe(true)
        expect(text).not.toContain('\0')
        expect(Buffer.from(text).toString()).toBe(text)
      }),
      { numRuns: 5_000 },
    )
  })

  test('is different for different keys and namespaces', () => {
    fc.assert(
      fc.property(namespace, awkwardText, namespace, awkwardText, (space, key, otherSpace, otherKey) => {
        fc.pre(space !== otherSpace || key !== otherKey)
        expect(keyText(namespacePrefix(space), key)).not.toBe(keyText(namespacePrefix(otherSpace), otherKey))
      }),
      { numRuns: 5_000 },
    )
  })

  test('starts with its own prefix and with that of no other namespace', () => {
    fc.assert(
      fc.property(namespace, namespace, awkwardText, (space, other, key) => {
        const text = keyText(namespacePrefix(space), key)
        expect(text.startsWith(namespacePrefix(other))).toBe(space === other)
      }),
      { numRuns: 5_000 },
    )
  })

  test.each([
    [undefined, 'user:1', ':user:1'],
    ['sessions', 'user:1', 'sessions:user:1'],
    ['a:b', 'c', 'a\u0001cb:c'],
    [undefined, '__proto__', ':__proto__'],
    [undefined, '', ':'],
    [undefined, 'nul\0', ':nul\u00010'],
    [undefined, '\u0001', ':\u00011'],
    [undefined, '\u0001c', ':\u00011c'],
    [undefined, '\ud83d\ude00', ':\ud83d\ude00'],
    [undefined, '\ude00\ud83d', ':\u0001de00\u0001d83d'],
    ['\ud83d', '\ude00', '\u0001d83d:\u0001de00'],
  ])('of %j and %j is %j', (space, key, text) => {
    expect(keyText(namespacePrefix(space), key)).toBe(text)
  })

  test('of every single UTF-16 unit is its own', () => {
    const prefix = namespacePrefix(undefined)
    const texts = new Set<string>()
    for (let unit = 0; unit <= 0xffff; unit += 1) texts.add(keyText(prefix, String.fromCharCode(unit)))
    expect(texts.size).toBe(0x10000)
  })

  test('of an empty namespace is that of none', () => {
    expect(namespacePrefix('')).toBe(namespacePrefix(undefined))
  })
})

test('a plain text is one that needs no escape', () => {
  fc.assert(
    fc.property(awkwardText, (key) => {
      expect(isPlain(key)).toBe(keyText('', key) === key)
    }),
    { numRuns: 2_000 },
  )
})
