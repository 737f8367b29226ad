import fc from 'fast-check'
import { hostileText } from './hostile-text.ts'

/** One change of a text, at a place that is told as a fraction of its length. */
interface Edit {
  readonly kind: 'replace' | 'insert' | 'remove' | 'repeat' | 'cut off' | 'move' | 'flip a bit'
  readonly place: number
  readonly length: number
  readonly text: string
}

const placesMax = 1_000

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('replace', 'insert', 'remove', 'repeat', 'cut off', 'move', 'flip a bit'),
  place: fc.nat({ max: placesMax }),
  length: fc.nat({ max: 12 }),
  text: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...'0123456789abcdef:/@?#%&=,.-_+"\'{}[]()<>| ') },
    { weight: 1, arbitrary: hostileText },
  ),
})

/**
 * Valid texts with a few things changed: what is nearly right gets further into a parser than noise. One in so many stays
 * as it was, so that what is right is met too.
 */
export function mutatedText(samples: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(samples, fc.array(edit, { maxLength: 4, size: 'max' }))
    .map(([sample, edits]) => edits.reduce(edited, sample))
}

function edited(text: string, { kind, place, length, text: piece }: Edit): string {
  const at = Math.floor((place / placesMax) * text.length)
  const [before, part, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)]
  switch (kind) {
    case 'replace':
      return before + piece + text.slice(at + piece.length)
    case 'insert':
      return before + piece + part + after
    case 'remove':
      return before + after
    case 'repeat':
      return before + part.repeat(1 + (place % 40)) + after
    case 'cut off':
      return before
    case 'move':
      return after + before + part
    case 'flip a bit':
      return before + String.fromCharCode(text.charCodeAt(at) ^ (1 << (length % 8))) + text.slice(at + 1)
  }
}
