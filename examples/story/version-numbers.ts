import type { Version } from '../../src/core/version.ts'

/** Numbers 1, 2, 3, … for the versions of each key, in their order, because 28 hex digits are no bedtime reading. */
export class VersionNumbers {
  readonly #versions = new Map<string, Version[]>()

  /** Gives the next number to a version that was just made. */
  add(key: string, version: Version): void {
    const versions = this.#versions.get(key) ?? []
    if (!versions.includes(version)) this.#versions.set(key, [...versions, version].sort())
  }

  /** 0 for a version that the story did not write. */
  numberOf(key: string, version: Version): number {
    return (this.#versions.get(key) ?? []).indexOf(version) + 1
  }
}
