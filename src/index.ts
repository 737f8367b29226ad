/** keyv-quorum: a Keyv store that keeps every value on n different backends and answers by quorum. */

export type { KeyvSettings, MemorySettings, ReplicaSource } from '../adapters/open.ts'
export type { SweepOptions } from './background/sweep/sweep-options.ts'
export { loadConfig, type QuorumConfig, type QuorumOptions, type ResolvedOptions } from './config.ts'
export type { SweepEntry } from './core/ledger.ts'
export { type CreateKeyvOptions, createKeyv } from './create-keyv.ts'
export {
  ConfigError,
  QuorumError,
  type QuorumErrorFields,
  type QuorumOperation,
  ReplicaError,
  type ReplicaErrorCode,
  ValueError,
} from './errors.ts'
export type { QuorumEvent, QuorumEventOf, QuorumEventType } from './events.ts'
export type { Explanation, ReplicaHolding } from './explain.ts'
export type { Guarantees } from './guarantees.ts'
export { ImportError } from './import/import-error.ts'
export { type ImportOptions, importFrom } from './import/import-from.ts'
export type { ImportedRecord, ImportTarget } from './import/import-target.ts'
export { KeyvQuorum, KeyvQuorum as default } from './keyv-quorum.ts'
export { QuorumView, type SetEntry } from './quorum-view.ts'
export type { Replica, ReplicaGuarantees } from './replica.ts'
export type { ReplicaState } from './replica-state.ts'
