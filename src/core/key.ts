/**
 * How a namespace and a key become the one text that replicas see, and back.
 *
 * The text is well-formed Unicode without NUL, so that every backend can hold it, and it starts with the namespace and
 * a colon, so that an operator can read it: `sessions:user:1`, or `:user:1` without a namespace. What would break
 * that is escaped behind U+0001: NUL as `0`, U+0001 itself as `1`, a colon of the namespace as `c`, a lone surrogate as
 * its four hex digits (they start with `d`). The mapping is one to one, so namespaces and keys cannot meet.
 */
const escapeMark = '\u0001'
// biome-ignore-start lint/suspicious/noControlCharactersInRegex: the control characters are what has to be escaped
const awkward = /[\0\u0001]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const awkwardOrColon = /[\0\u0001:]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const escaped = /\u0001(0|1|c|d[89a-f][0-9a-f]{2})/g
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above

export interface NamespacedKey {
  readonly namespace: string | undefined
  readonly key: string
}

/** What every key text of a namespace starts with; no key text of another namespace does. */
export function namespacePrefix(namespace: string | undefined): string {
  return `${(namespace ?? '').replace(awkwardOrColon, escapeOne)}:`
}

/** @param prefix from {@link namespacePrefix} */
export function keyText(prefix: string, key: string): string {
  return prefix + (isPlain(key) ? key : key.replace(awkward, escapeOne))
}

/** The inverse of {@link keyText}. */
export function parseKeyText(text: string): NamespacedKey {
  const colon = text.indexOf(':')
  const namespace = text.slice(0, colon).replace(escaped, unescapeOne)
  return {
    namespace: namespace === '' ? undefined : namespace,
    key: text.slice(colon + 1).replace(escaped, unescapeOne),
  }
}

/** Whether a text needs no escape: the quick test that nearly every key passes. */
export function isPlain(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0') && !text.includes(escapeMark)
}

function escapeOne(character: string): string {
  if (character === '\0') return `${escapeMark}0`
  if (character === escapeMark) return `${escapeMark}1`
  if (character === ':') return `${escapeMark}c`
  return escapeMark + character.charCodeAt(0).toString(16)
}

function unescapeOne(_whole: string, code: string): string {
  if (code === '0') return '\0'
  if (code === '1') return escapeMark
  if (code === 'c') return ':'
  return String.fromCharCode(Number.parseInt(code, 16))
}
