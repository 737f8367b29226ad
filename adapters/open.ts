import { describeFound } from '../src/config/describe-found.ts'
import { nearestName } from '../src/config/nearest-name.ts'
import { isPlainObject } from '../src/config/own-members.ts'
import { ConfigError } from '../src/errors.ts'
import type { Replica } from '../src/replica.ts'
import { isKeyvInstance, isKeyvStore } from './keyv/keyv-source.ts'
import { memoryReplica } from './memory/memory-replica.ts'
import type { Backend, OpenPlan } from './open/backend.ts'
import { assertDriverInstalled } from './open/driver.ts'
import { lazyReplica } from './open/lazy-replica.ts'
import { assertNoCredentials } from './open/misplaced-credentials.ts'
import { withPlace } from './open/placed-error.ts'
import { postgresBackend } from './open/postgres-backend.ts'
import { redisBackend } from './open/redis-backend.ts'
import { asReplica, assertId, looksLikeReplica } from './open/replica-shape.ts'
import type { ReplicaSource } from './open/replica-source.ts'
import { keyvBackend, memoryBackend, openKeyvStore, type SimpleBackend } from './open/simple-backends.ts'
import { sqliteBackend } from './open/sqlite-backend.ts'
import { unknownUri } from './open/uri-error.ts'

export type { KeyvSettings, MemorySettings, ReplicaSource } from './open/replica-source.ts'

const backends: readonly Backend[] = [redisBackend, postgresBackend, sqliteBackend]
const simpleBackends: readonly SimpleBackend[] = [memoryBackend, keyvBackend]
const memoryScheme = 'memory://'
const schemes = [...backends.flatMap((backend) => backend.schemes), memoryScheme]
const names = [...backends, ...simpleBackends].map((backend) => backend.name)

/**
 * Opens one replica. Nothing is connected yet: that happens at the first call. Adapter and driver are loaded in the
 * background meanwhile.
 *
 * @param field where the source stands, such as `replicas[2]`: for errors, and the place names what has no name
 * @throws ConfigError naming the field; also when the driver that the source needs is not installed
 */
export function openReplica(source: ReplicaSource, field: string): Replica {
  try {
    if (typeof source === 'string') return openUri(source, field)
    if (typeof source !== 'object' || source === null) throw unusable(source, field)
    return openObject(source, field)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    // A proxy or a getter that throws; what it throws is not passed on, because it was not written for a log.
    throw new ConfigError(field, 'a source that can be read')
  }
}

function openUri(uri: string, field: string): Replica {
  const native = openNative(uri, field)
  if (native !== null) return native
  if (!uri.startsWith(memoryScheme)) throw unknownUri(uri, schemes, field)
  const name = uri.slice(memoryScheme.length)
  assertNoCredentials(name, field)
  const id = `memory:${name || placeOf(field)}`
  assertId(id, field)
  return memoryReplica({ id })
}

function openObject(source: object, field: string): Replica {
  if (looksLikeReplica(source)) return asReplica(source, field)
  if (isPlainObject(source) && 'use' in source) return openSettings(source, field)
  const native = openNative(source, field)
  if (native !== null) return native
  if (!isKeyvStore(source)) throw unusable(source, field)
  return withPlace(field, field, () => openKeyvStore(source, {}, placeOf(field)))
}

function openNative(source: unknown, field: string): Replica | null {
  for (const backend of backends) {
    const plan = withPlace(field, field, () => backend.planSource(source))
    if (plan !== null) return openPlan(plan, backend, field)
  }
  return null
}

function openSettings(settings: object & { readonly use?: unknown }, field: string): Replica {
  const simple = simpleBackends.find((each) => each.name === settings.use)
  if (simple !== undefined) {
    return withPlace(field, `${field}.store`, () => simple.openSettings(settings, field, placeOf(field)))
  }
  const backend = backends.find((each) => each.name === settings.use)
  if (backend === undefined) throw unknownUse(settings.use, field)
  const addressField = `${field}.${backend.addressSetting}`
  const plan = withPlace(field, addressField, () => backend.planSettings(settings, field))
  if (plan !== null) return openPlan(plan, backend, field)
  throw new ConfigError(addressField, `a URI with one of ${backend.schemes.join(', ')}`)
}

function openPlan(plan: OpenPlan, backend: Backend, field: string): Replica {
  if (backend.driver !== null) assertDriverInstalled(backend.driver, field)
  return lazyReplica(plan, plan.load)
}

function unknownUse(use: unknown, field: string): ConfigError {
  const near = typeof use === 'string' ? nearestName(use, names) : null
  const advice = near === null ? `, not ${describeFound(use)}` : `; did you mean ${near}?`
  return new ConfigError(`${field}.use`, `one of ${names.join(', ')}${advice}`)
}

function unusable(source: unknown, field: string): ConfigError {
  if (isKeyvInstance(source)) {
    return new ConfigError(field, 'a Keyv store, not a Keyv instance: hand over its `store`')
  }
  return new ConfigError(
    field,
    "a URI, { use: … }, a Keyv adapter or other Keyv store, a driver's client, or a Replica, not " +
      describeFound(source),
  )
}

/** The place in the list, from 1: it names what has no name of its own, the same after every restart. */
function placeOf(field: string): number {
  return Number(/\[(\d+)\]$/.exec(field)?.[1] ?? 0) + 1
}
