/** One search: a model, the limits it is searched within, and the rule that is left out; null for none. */
export interface Case {
  readonly model: 'register' | 'purge'
  readonly limits: readonly string[]
  readonly without: string | null
  /** Whether a counterexample is to be found without the rule; where not, it is a second line. */
  readonly isNeeded: boolean
}

/** Two writers, to see in which order their writes are acknowledged. */
const order = ['WRITERS=2', 'READS=0']
/** One writer, and two reads one after the other. */
const reads = ['WRITERS=1', 'READS=2']

/** A loss and an absence, clocks that are behind; what is sent arrives at once or never. */
const losses = ['LATE=0', 'SKEW=1']
/** A loss, and one message that is late. */
const lateWithLoss = ['LATE=1', 'ABSENCES=0']
const lateWithAbsence = ['LATE=1', 'LOSSES=0']
/** r = 1 and w = n. */
const writeAll = ['LATE=0', 'WRITE_ALL']
const brief = ['LATE=0']

export const cases: readonly Case[] = [
  ...whole('purge', [lateWithLoss, lateWithAbsence, losses, writeAll]),
  ...whole('register', [order, reads]),
  ...needed('register', order, ['RETRY']),
  ...needed('register', reads, ['WRITE_QUORUM', 'READ_QUORUM', 'ERRORS', 'WRITE_BACK', 'QUORUM_OF_HOLDERS']),
  ...needed('purge', brief, [
    ...['RETENTION', 'RETENTION_CARRIED_OVER', 'RETENTION_AGREED'],
    ...['JOINING_AFTER_LOSS', 'JOINING_AFTER_ABSENCE', 'EVIDENCE_ONLY_WHEN_YOUNG', 'ENOUGH_EXCHANGED'],
    ...['ZOMBIES_DROPPED', 'OLDER_RECORDS_HEARD', 'WAITING_FOR_EXCHANGES'],
  ]),
  ...needed('purge', losses, ['MARGIN_FOR_CLOCKS']),
  ...needed('purge', lateWithLoss, ['VERSION_AT_THE_PURGE']),
  ...needed('purge', lateWithAbsence, ['DEAD_RECORDS_SPREAD']),
  ...needed('purge', writeAll, ['REMOVAL_ON_RECORD']),
]

const secondLine = ['GRACE', 'ENOUGH_FULL_FOR_ZOMBIES', 'UNKNOWN_HOLDERS', 'LEFT_RECORDS_HELD_AGAINST']

/** What takes longer: more time, everything at once, and the rules that nothing was found without. */
export const deepCases: readonly Case[] = [
  ...whole('purge', [['LATE=1'], ['LATE=0', 'TICKS=5'], ['LATE=1', 'ABSENCES=0', 'SKEW=1'], ['LATE=1', 'WRITE_ALL']]),
  ...secondLine.map((without) => ({ model: 'purge' as const, limits: ['LATE=1'], without, isNeeded: false })),
]

function whole(model: Case['model'], limits: readonly (readonly string[])[]): Case[] {
  return limits.map((each) => ({ model, limits: each, without: null, isNeeded: false }))
}

function needed(model: Case['model'], limits: readonly string[], rules: readonly string[]): Case[] {
  return rules.map((without) => ({ model, limits, without, isNeeded: true }))
}
