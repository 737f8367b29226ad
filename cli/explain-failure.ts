import { CommanderError } from 'commander'
import { ConfigError, QuorumError, ReplicaError } from '../src/errors.ts'
import { ImportError } from '../src/import/import-error.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { Interruption } from './interruption.ts'

/** What is said about a failure, and what the command ends with. */
export interface Explanation {
  readonly exitCode: ExitCode
  readonly lines: readonly string[]
}

/** One clear line and a hint; a stack only for what is a fault of this program. */
export function explainFailure(error: unknown): Explanation {
  // Commander has said what was wrong, or printed the help that was asked for.
  if (error instanceof CommanderError) {
    return { exitCode: error.exitCode === 0 ? exitCodes.fine : exitCodes.notUnderstood, lines: [] }
  }
  if (error instanceof Interruption) return { exitCode: exitCodes.interrupted, lines: [] }
  if (error instanceof ConfigError) {
    return { exitCode: exitCodes.notUnderstood, lines: [`error: ${error.message}`, '`keyv-quorum --help` says more.'] }
  }
  const hint = hintFor(error)
  if (hint === null) return { exitCode: exitCodes.ownFault, lines: [stackOf(error)] }
  return { exitCode: exitCodes.unreachable, lines: [`error: ${messageOf(error)}`, hint] }
}

function hintFor(error: unknown): string | null {
  if (error instanceof ImportError) {
    return 'What was imported so far is in the store; run the command again to go on.'
  }
  if (error instanceof QuorumError || error instanceof ReplicaError) {
    return '`keyv-quorum status` shows which replicas answer, and why the others do not.'
  }
  return null
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
