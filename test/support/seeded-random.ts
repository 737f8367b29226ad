import type { Random } from '../../src/runtime.ts'

/** Chance that comes out the same every time: the mulberry32 generator. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  function fraction(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { fraction, hex: (digits) => Array.from({ length: digits }, () => digit(fraction())).join('') }
}

/** For a writer whose id is one letter over and over, so that its versions can be told in a transcript. */
export function namedWriter(letter: string): Random {
  return { fraction: () => 0, hex: (digits) => letter.repeat(digits) }
}

function digit(fraction: number): string {
  return Math.floor(fraction * 16).toString(16)
}
