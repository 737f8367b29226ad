import { loadConfig, type QuorumConfig, type QuorumOptions } from '../src/config.ts'
import { ConfigError } from '../src/errors.ts'
import { KeyvQuorum } from '../src/keyv-quorum.ts'

/** What every command is told about the store. */
export interface StoreFlags {
  readonly config?: string
  readonly replica: readonly string[]
  readonly r?: number
  readonly w?: number
  readonly allowStale?: boolean
}

/**
 * Opens the store that the flags name.
 * @throws ConfigError
 */
export async function openStore(flags: StoreFlags): Promise<KeyvQuorum> {
  const { replicas, ...options } = await configuration(flags)
  const { r, w, allowStale } = flags
  const store = new KeyvQuorum(replicas, {
    ...options,
    ...(r !== undefined && { r }),
    ...(w !== undefined && { w }),
    ...(allowStale !== undefined && { allowStale }),
    // What runs for a second or two keeps no schedule.
    sweepEveryMs: 0,
    sweepCron: '',
  })
  try {
    assertVisible(store)
    return store
  } catch (error) {
    await store.disconnect()
    throw error
  }
}

async function configuration({ config, replica }: StoreFlags): Promise<QuorumConfig | FromFlags> {
  if (config !== undefined && replica.length > 0) {
    throw new ConfigError('--replica', 'the replicas in --config or by --replica, not both')
  }
  if (config !== undefined) return loadConfig(config)
  if (replica.length > 0) return { replicas: replica }
  throw new ConfigError('--config', 'a file that names the replicas, or --replica URI once for each of them')
}

interface FromFlags extends QuorumOptions {
  readonly replicas: readonly string[]
}

/** A replica that is private to its process is empty here, whatever it holds in the application. */
function assertVisible(store: KeyvQuorum): void {
  for (const [place, { id, guarantees }] of store.replicas.entries()) {
    if (guarantees.sharedBy !== 'process') continue
    const expected = `a backend that other processes see too, not ${id}: what it holds is private to its application`
    throw new ConfigError(`replicas[${place}]`, expected)
  }
}
