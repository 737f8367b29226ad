import type { QuorumOptions } from '../../../src/config.ts'
import type { ReplicaState } from '../../../src/replica-state.ts'

/** How one client reaches one replica. The id is the same for all clients, whatever way they take. */
export type ReplicaAddress =
  | { readonly kind: 'redis' | 'postgres'; readonly id: string; readonly url: string }
  | { readonly kind: 'sqlite'; readonly id: string; readonly path: string }

/** What a client process is started with. */
export interface ClientPlan {
  /** Unlike that of any other client of the run, those that it replaces included. */
  readonly name: string
  readonly seed: number
  /** When the run began, in ms since the host started. */
  readonly beganAtMs: number
  readonly replicas: readonly ReplicaAddress[]
  readonly options: QuorumOptions
  /** How far its clock is ahead of the system's at first; negative for behind. */
  readonly aheadMs: number
  /** Where it appends what it did, and what its store told. */
  readonly operationsFile: string
  readonly eventsFile: string
}

export type ClientCommand =
  /** Sets the clock. */
  | { readonly name: 'clock'; readonly aheadMs: number }
  /** One sweep over everything, now. */
  | { readonly name: 'sweep' }
  /** How the replicas stand, as this client sees them. */
  | { readonly name: 'state' }
  /** Ends the load. */
  | { readonly name: 'finish' }
  /** Reads each of these keys once, on record. */
  | { readonly name: 'read'; readonly keys: readonly NamedKey[] }
  /** Closes the store; the process ends. */
  | { readonly name: 'close' }

export interface NamedKey {
  readonly namespace: string
  readonly key: string
}

export interface ClientRequest {
  readonly id: number
  readonly command: ClientCommand
}

export interface ClientAnswer {
  readonly id: number
  /** Why it could not be done. */
  readonly failure: string | null
  /** As this client sees them after the command. */
  readonly replicas: readonly ReplicaState[]
}
