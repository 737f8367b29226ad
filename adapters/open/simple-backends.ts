import * as v from 'valibot'
import type { Replica } from '../../src/replica.ts'
import { type KeyvReplicaOptions, keyvReplica } from '../keyv/keyv-replica.ts'
import type { KeyvStoreLike } from '../keyv/keyv-source.ts'
import { memoryReplica } from '../memory/memory-replica.ts'
import { commonSettings, countSetting, readSettings, required } from './settings.ts'

/** Replicas without a driver, so there is nothing to load late. `place` is the place in the list, from 1. */
export interface SimpleBackend {
  readonly name: string
  /** @throws ConfigError when a setting is missing, unknown or wrong */
  openSettings(settings: object, field: string, place: number): Replica
}

const memorySchema = v.object({ ...commonSettings, changesKeysMax: countSetting(1, 'keys') })

export const memoryBackend: SimpleBackend = {
  name: 'memory',
  openSettings(settings, field, place) {
    const options = readSettings(memorySchema, settings, field)
    return memoryReplica({ id: `memory:${place}`, ...options })
  },
}

const keyvSchema = v.object({
  ...commonSettings,
  store: v.exactOptional(v.unknown()),
  sharedBy: v.exactOptional(v.picklist(['process', 'host', 'network'], "'process', 'host' or 'network'")),
  expiryMarginMs: countSetting(0, 'ms'),
})

export const keyvBackend: SimpleBackend = {
  name: 'keyv',
  openSettings(settings, field, place) {
    const { store, ...options } = readSettings(keyvSchema, settings, field)
    return openKeyvStore(required(store, `${field}.store`, 'a Keyv store'), options, place)
  },
}

/** @throws ConfigError when it is no Keyv store */
export function openKeyvStore(store: unknown, options: Partial<KeyvReplicaOptions>, place: number): Replica {
  return keyvReplica(store as KeyvStoreLike, { id: `keyv:${place}`, ...options })
}
