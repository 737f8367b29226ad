import type { KeyvQuorum } from '../src/keyv-quorum.ts'
import type { Failures } from './failures.ts'
import type { Terminal } from './terminal.ts'

/** What a command works with. */
export interface CommandContext {
  readonly store: KeyvQuorum
  readonly terminal: Terminal
  readonly failures: Failures
  /** Aborted by Ctrl-C; its reason is an `Interruption`. */
  readonly signal: AbortSignal
  /** Whether the result is wanted as JSON. */
  readonly json: boolean
}
