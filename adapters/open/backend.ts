import type { LazyReplicaFacts, LoadReplica } from './lazy-replica.ts'

/** A backend with an adapter and a driver of its own, as far as it is known without loading either. */
export interface Backend {
  /** What `use` calls it. */
  readonly name: string
  /** The URIs it takes, each as the text before the host. */
  readonly schemes: readonly string[]
  /** The package of the driver; null when Node has it built in. */
  readonly driver: string | null
  /** The setting that holds the address. */
  readonly addressSetting: string
  /**
   * @param source a URI, a Keyv adapter, a client
   * @returns null when the source belongs to another backend
   * @throws ConfigError when the source is this backend's and cannot be used
   */
  planSource(source: unknown): OpenPlan | null
  /**
   * @param settings of `{ use, … }`
   * @param field their path, for errors
   * @returns null when the address belongs to another backend
   * @throws ConfigError when a setting is missing, unknown or wrong
   */
  planSettings(settings: object, field: string): OpenPlan | null
}

export interface OpenPlan extends LazyReplicaFacts {
  readonly load: LoadReplica
}
