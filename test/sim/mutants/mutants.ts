import type { Mutant } from './mutant.ts'
import { readMutants } from './read-mutants.ts'
import { recordMutants } from './record-mutants.ts'
import { standingMutants } from './standing-mutants.ts'
import { sweepMutants } from './sweep-mutants.ts'
import { writeMutants } from './write-mutants.ts'

export const mutants: readonly Mutant[] = [
  ...readMutants,
  ...writeMutants,
  ...recordMutants,
  ...standingMutants,
  ...sweepMutants,
]
