/** What the story says did not happen. */
export class StoryError extends Error {
  override readonly name = 'StoryError'
}

/** Holds the story to its word: what it tells, it checks. */
export class Claims {
  #checked = 0

  get checked(): number {
    return this.#checked
  }

  /** @throws StoryError with the sentence, unless it holds */
  check(holds: boolean, sentence: string): void {
    if (!holds) throw new StoryError(sentence)
    this.#checked += 1
  }
}
