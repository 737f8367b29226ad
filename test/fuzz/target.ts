import type fc from 'fast-check'

/** Something that takes input from outside, and what must hold of it whatever that input is. */
export interface FuzzTarget {
  readonly name: string
  /** How many cases it gets in a round: many of what is cheap, few of what is dear. */
  readonly casesPerRound: number
  open(): Promise<OpenTarget> | OpenTarget
}

/** Made once, so that thousands of cases share what is dear to make. */
export interface OpenTarget {
  readonly property: fc.IRawProperty<unknown>
  /** Called after the last case, also after one that failed. */
  close?(): Promise<void> | void
}
