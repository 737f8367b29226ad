import type { Rule } from '../../history/history.ts'
import type { Plan } from '../plan.ts'

/** A bug planted on purpose, to see that the simulator and its checkers find it. */
export interface Mutant {
  readonly name: string
  /** The guarantee (G1 to G9) or rule (D1 to D6) of the design that it breaks. */
  readonly breaks: string
  /** Any of these has to notice it. What others notice is shown, and does not count. */
  readonly caughtBy: readonly Rule[]
  readonly edits: readonly Edit[]
  /** Leaves out runs in which it could hardly show, to save time. Default: every run is played. */
  readonly suits?: (plan: Plan) => boolean
  /**
   * `quickly`: within a few dozen runs, so that the tests plant it each time. `slowly`: within about a thousand. `not yet`:
   * thousands did not show it. `never`: within the assumptions of the simulator nothing can show it; the drawn tables do.
   */
  readonly found: 'quickly' | 'slowly' | 'not yet' | 'never'
  /** Why it was not found. */
  readonly why?: string
}

/** A change to one source file. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string
  /** Stands there exactly once. */
  readonly search: string
  readonly replace: string
}

/** @throws Error when the source has moved on, so that the bug can be planted no more */
export function planted(mutant: Mutant, { file, search, replace }: Edit, source: string): string {
  const places = source.split(search).length - 1
  if (places !== 1) {
    throw new Error(
      `mutant "${mutant.name}" has to be renewed: ${file} holds its text ${places} times, not once:\n${search}`,
    )
  }
  return source.replace(search, () => replace)
}
