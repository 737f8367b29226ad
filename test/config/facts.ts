import type { ReplicaFacts } from '../../src/config/replica-rules.ts'
import { ConfigError } from '../../src/errors.ts'

/** Replicas as far as the rules look at them. */
export function redisFacts(id: string): ReplicaFacts {
  return { id, guarantees: { putIfNewer: 'atomic', sharedBy: 'network', backend: 'redis' } }
}

export function sqliteFacts(id: string): ReplicaFacts {
  return { id, guarantees: { putIfNewer: 'atomic', sharedBy: 'host', backend: 'sqlite' } }
}

export function memoryFacts(id: string): ReplicaFacts {
  return { id, guarantees: { putIfNewer: 'atomic', sharedBy: 'process', backend: 'memory' } }
}

export function racyFacts(id: string): ReplicaFacts {
  return { id, guarantees: { putIfNewer: 'racy', sharedBy: 'network', backend: 'keyv' } }
}

export function racyMapFacts(id: string): ReplicaFacts {
  return { id, guarantees: { putIfNewer: 'racy', sharedBy: 'process', backend: 'keyv' } }
}

export function redisCluster(n: number): ReplicaFacts[] {
  return Array.from({ length: n }, (_, index) => redisFacts(`redis:${index + 1}`))
}

/** The ConfigError that a call throws; anything else, or nothing, fails the test. */
export function configErrorOf(run: () => unknown): ConfigError {
  let result: unknown
  try {
    result = run()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error(`expected a ConfigError, and it returned ${String(result)}`)
}

export async function configRejectionOf(promise: Promise<unknown>): Promise<ConfigError> {
  const outcome = await promise.then(
    (value) => new Error(`expected a ConfigError, and it resolved to ${String(value)}`),
    (error: unknown) => error,
  )
  if (outcome instanceof ConfigError) return outcome
  throw outcome
}
