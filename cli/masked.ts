import { redact } from '../src/config.ts'

/** A scheme of a sensible length: to look for a longer one everywhere would take for ever in a long text. */
const uri = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s'"`]+/gi

/**
 * A message with the credentials of every URI in it hidden: also of one that was typed in the wrong place.
 *
 * @param given the words of the command: where one is repeated whole, its end is known, whatever it holds
 */
export function masked(message: string, given: readonly string[] = []): string {
  const secretive = given.flatMap(partsOf).filter((part) => hidden(part) !== part)
  const longestFirst = secretive.sort((one, other) => other.length - one.length)
  return longestFirst.reduce((text, part) => text.replaceAll(part, () => hidden(part)), message).replace(uri, redact)
}

/** A word, and of an option with its value the value too. */
function partsOf(word: string): string[] {
  const equals = word.indexOf('=')
  return word.startsWith('-') && equals > 0 ? [word, word.slice(equals + 1)] : [word]
}

function hidden(part: string): string {
  const shown = redact(part)
  return shown.includes('***') ? shown : part
}
