import { ConfigError } from '../../src/errors.ts'
import type { Replica } from '../../src/replica.ts'

const methods = ['getMany', 'getVersions', 'putManyIfNewer', 'purgeMany', 'scan', 'lineage', 'close'] as const
const idLengthMax = 200

/** Whether somebody meant this to be a ready replica: the method that no other kind of store has. */
export function looksLikeReplica(source: object): source is Partial<Replica> {
  return 'putManyIfNewer' in source
}

/** @throws ConfigError naming the first part of the port that is missing */
export function asReplica(source: Partial<Replica>, field: string): Replica {
  for (const method of methods) {
    if (typeof source[method] !== 'function')
      throw new ConfigError(`${field}.${method}`, 'a method of the Replica port')
  }
  assertId(source.id, field)
  const { guarantees, limits } = source
  assertOneOf(guarantees?.putIfNewer, ['atomic', 'racy'], `${field}.guarantees.putIfNewer`)
  assertOneOf(guarantees?.sharedBy, ['process', 'host', 'network'], `${field}.guarantees.sharedBy`)
  if (typeof guarantees?.backend !== 'string') throw new ConfigError(`${field}.guarantees.backend`, 'a name')
  assertCount(limits?.batchKeysMax, `${field}.limits.batchKeysMax`)
  assertCount(limits?.callsInFlightMax, `${field}.limits.callsInFlightMax`)
  return source as Replica
}

/** @throws ConfigError when it is no text that can name a replica */
export function assertId(id: unknown, field: string): asserts id is string {
  if (typeof id === 'string' && id !== '' && id.length <= idLengthMax && !/\p{Cc}/u.test(id) && id.isWellFormed())
    return
  throw new ConfigError(`${field}.id`, `a name of 1 to ${idLengthMax} characters on one line`)
}

function assertOneOf(value: unknown, known: readonly string[], field: string): void {
  if (typeof value === 'string' && known.includes(value)) return
  throw new ConfigError(field, known.map((name) => `'${name}'`).join(' or '))
}

function assertCount(value: unknown, field: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return
  throw new ConfigError(field, 'a whole number, 1 or more')
}
