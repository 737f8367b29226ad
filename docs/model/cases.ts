/** One search: a model, the limits it is searched within, and the rule that is left out; null for none. */
export interface Case {
  readonly model: 'register'
  readonly limits: readonly string[]
  readonly without: string | null
}

/** Two writers, to see in which order their writes are acknowledged. */
const order = ['WRITERS=2', 'READS=0']
/** One writer, and two reads one after the other. */
const reads = ['WRITERS=1', 'READS=2']

export const cases: readonly Case[] = [
  { model: 'register', limits: order, without: null },
  { model: 'register', limits: reads, without: null },
  ...mutants(order, ['RETRY']),
  ...mutants(reads, ['WRITE_QUORUM', 'READ_QUORUM', 'ERRORS', 'WRITE_BACK', 'QUORUM_OF_HOLDERS']),
]

function mutants(limits: readonly string[], rules: readonly string[]): Case[] {
  return rules.map((without) => ({ model: 'register', limits, without }))
}
