import { seededRandom } from '../support/seeded-random.ts'

/** Draws from one seed, in a fixed order. */
export class Draw {
  readonly #fraction: () => number

  constructor(seed: number) {
    // Seeds that follow each other would begin alike.
    const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995)
    this.#fraction = () => random.fraction()
  }

  /** Whole, from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.#fraction() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.#fraction() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.whole(0, items.length - 1)]
    if (item === undefined) throw new RangeError('there is nothing to pick from')
    return item
  }
}
