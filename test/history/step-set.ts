/** A set of the numbers of steps that can be changed and told from others cheaply. */
export class StepSet {
  /** Sixteen numbers a word, so that a word is a character of the text. */
  readonly #words: Uint16Array

  constructor(size: number) {
    this.#words = new Uint16Array(Math.ceil(size / 16))
  }

  has(id: number): boolean {
    return ((this.#words[id >> 4] ?? 0) & (1 << (id & 15))) !== 0
  }

  flip(id: number): void {
    this.#words[id >> 4] = (this.#words[id >> 4] ?? 0) ^ (1 << (id & 15))
  }

  /** The same text for the same set. Steps are numbered as they begin, so most sets are full up to somewhere, and empty soon after. */
  text(): string {
    const words = this.#words
    let from = 0
    while (words[from] === 0xffff) from += 1
    let to = words.length
    while (to > from && words[to - 1] === 0) to -= 1
    return `${from} ${String.fromCharCode(...words.subarray(from, to))}`
  }
}
