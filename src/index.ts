/** keyv-quorum: a Keyv store that keeps every value on n different backends and answers by quorum. */

export type { KeyvSettings, MemorySettings, ReplicaSource } from '../adapters/open.ts'
export { loadConfig, type QuorumConfig, type QuorumOptions, type ResolvedOptions } from './config.ts'
export { type CreateKeyvOptions, createKeyv } from './create-keyv.ts'
export type { ReplicaState } from './engine.ts'
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
export type { Guarantees } from './guarantees.ts'
export { KeyvQuorum, KeyvQuorum as default } from './keyv-quorum.ts'
export { QuorumView, type SetEntry } from './quorum-view.ts'
export type { Replica, ReplicaGuarantees } from './replica.ts'
