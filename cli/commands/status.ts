import type { SweepEntry } from '../../src/core/ledger.ts'
import { ReplicaError } from '../../src/errors.ts'
import type { ReplicaState } from '../../src/replica-state.ts'
import type { CommandContext } from '../command-context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { unlessAborted } from '../interruption.ts'
import { drawTable } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { counted, timeFromNow } from '../wording.ts'

/** A replica, and why it gave no answer just now; null when it did. */
interface AskedReplica extends ReplicaState {
  readonly failure: string | null
}

/** Asks every replica, and tells how all of them stand. */
export async function status(context: CommandContext): Promise<ExitCode> {
  const { store, terminal, signal, json } = context
  const { replicas, lastSweep } = await unlessAborted(ask(context), signal)
  const isHealthy = replicas.every(isFit)
  const { entries, notes } = store.guarantees
  if (json) {
    const withoutGuarantees = replicas.map(({ guarantees: _, ...replica }) => replica)
    terminal.printJson({ isHealthy, replicas: withoutGuarantees, lastSweep, guarantees: entries, notes })
  } else {
    terminal.print(...replicaTable(terminal, replicas), '', ...reasonLines(replicas), lastSweepLine(lastSweep), '')
    terminal.print('Guarantees in force:', store.guarantees.toString())
  }
  if (replicas.every(({ failure }) => failure !== null)) return exitCodes.unreachable
  return isHealthy ? exitCodes.fine : exitCodes.unhealthy
}

async function ask({ store, failures }: CommandContext) {
  await store.check()
  // Any key will do: only a call tells why a replica does not answer.
  const { replicas: holdings } = await store.explain('')
  const lastSweep = await store.lastSweep()
  const replicas = store.replicas.map((replica, place): AskedReplica => {
    const answer = holdings[place]?.answer
    if (!(answer instanceof ReplicaError)) return { ...replica, failure: null }
    return { ...replica, failure: failures.reason(replica.id) ?? `${answer.code}: ${answer.reason}` }
  })
  return { replicas, lastSweep }
}

function isFit({ failure, condition, standing }: AskedReplica): boolean {
  return failure === null && condition === 'up' && standing === 'full'
}

const header = ['REPLICA', 'CONDITION', 'STANDING', 'LINEAGE', 'LAG', 'LAST EXCHANGE']

function replicaTable(terminal: Terminal, replicas: readonly AskedReplica[]): string[] {
  const rows = replicas.map((replica) => [
    replica.id,
    replica.failure === null ? terminal.paint('good', replica.condition) : terminal.paint('bad', 'no answer'),
    terminal.paint(replica.standing === 'full' ? 'good' : 'warn', replica.standing),
    shortLineage(replica.lineage),
    lag(replica),
    replica.exchangedAtMs === null ? 'never' : timeFromNow(replica.exchangedAtMs, Date.now()),
  ])
  return drawTable(header, rows)
}

const lineageShown = 12

function shortLineage(lineage: string | null): string {
  if (lineage === null) return '?'
  return lineage.length > lineageShown ? `${lineage.slice(0, lineageShown)}…` : lineage
}

function lag({ hints, needsSweep }: ReplicaState): string {
  const parts = [...(hints > 0 ? [counted(hints, 'hint')] : []), ...(needsSweep === null ? [] : ['needs a sweep'])]
  return parts.length === 0 ? 'none' : parts.join(', ')
}

/** Why those that are not as they should be are not, below the table, where there is room. */
function reasonLines(replicas: readonly AskedReplica[]): string[] {
  const lines = replicas.flatMap(({ id, failure, standing, reason, needsSweep }) => [
    ...(failure === null ? [] : [`${id} does not answer: ${failure}`]),
    ...(failure !== null || standing === 'full' ? [] : [`${id} is ${standing}: ${reason}`]),
    ...(needsSweep === null ? [] : [`${id} needs a sweep: ${needsSweep}`]),
  ])
  return lines.length === 0 ? [] : [...lines, '']
}

function lastSweepLine(sweep: SweepEntry | null): string {
  if (sweep === null) return 'Last sweep: none on record'
  const full = sweep.sweptFullyAtMs === null ? 'never' : timeFromNow(sweep.sweptFullyAtMs, Date.now())
  return `Last sweep: ${sweep.kind}, ${timeFromNow(sweep.sweptAtMs, Date.now())}; over everything: ${full}`
}
