/** Options, configuration files, and the rules that both keep to. Replicas are opened elsewhere: by `adapters/open.ts`. */

export { type ConfiguredSource, loadConfig, type QuorumConfig } from './config/load-config.ts'
export { parseOptions, type QuorumOptions } from './config/options.ts'
export { redact } from './config/redact.ts'
export { type ResolvedOptions, resolveOptions } from './config/resolve-options.ts'
export { type Quorum, type QuorumWish, resolveQuorum, type StoreRules } from './config/resolve-quorum.ts'
