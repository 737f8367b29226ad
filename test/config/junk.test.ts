import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openReplica, type ReplicaSource } from '../../adapters/open.ts'
import { expandEnvironment } from '../../src/config/environment.ts'
import { parseOptions, type QuorumWish, resolveOptions, resolveQuorum } from '../../src/config.ts'
import { ConfigError } from '../../src/errors.ts'
import { redisCluster } from './facts.ts'

const secret = 'S3cr3t-of-the-store'
const optionNames = fc.constantFrom('w', 'r', 'reads', 'consistency', 'allowStale', 'deadlineMs', 'keyv', 'W')
const settingNames = fc.constantFrom(
  'use',
  'id',
  'url',
  'path',
  'store',
  'table',
  'password',
  'opts',
  'client',
  'options',
)
const awkwardNames = fc.constantFrom('__proto__', 'constructor', 'toString', 'get', 'set', 'delete', 'query', 'socket')
const uses = fc.constantFrom('redis', 'postgres', 'sqlite', 'memory', 'keyv', 'mysql')
const uris = fc
  .tuple(
    fc.constantFrom('redis://', 'rediss://', 'redis+cluster://', 'postgres://', 'sqlite://', 'mysql://', 'redis:', ''),
    fc.constantFrom(
      `user:${secret}@host`,
      `:${secret}@`,
      `user:${secret}`,
      `host/db?password=${secret}`,
      `user:p/${secret}@host`,
    ),
    fc.string(),
  )
  // Of SQLite, what has no sign of a password is a path, and shown.
  .filter(([scheme, rest]) => scheme !== 'sqlite://' || /@|\?/.test(rest))
  .map(([scheme, rest, end]) => scheme + rest + end)

const names = fc.oneof(optionNames, settingNames, awkwardNames, uris, fc.string())

/** fast-check looks into what it draws, so values that throw are drawn as marks and made at the last moment. */
const hostile = fc.constantFrom(Symbol.for('getter'), Symbol.for('proxy'), Symbol.for('revoked'))
const method = fc.constant(() => secret)
const leaf = fc.oneof(fc.constant(secret), uris, uses, hostile, method, fc.anything({ withNullPrototype: true }))
const members = (value: fc.Arbitrary<unknown>) =>
  fc.array(fc.tuple(names, value), { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs))
const junk: fc.Arbitrary<unknown> = fc.oneof(
  leaf,
  members(leaf),
  members(fc.oneof(leaf, members(leaf))),
  fc.array(leaf),
)

function made(drawn: unknown): unknown {
  if (typeof drawn === 'symbol') return hostileValue(drawn)
  if (Array.isArray(drawn)) return drawn.map(made)
  if (typeof drawn !== 'object' || drawn === null || Object.getPrototypeOf(drawn) !== Object.prototype) return drawn
  return Object.fromEntries(Object.entries(drawn).map(([name, value]) => [name, made(value)]))
}

function hostileValue(mark: symbol): unknown {
  const fail = () => {
    throw new TypeError(secret)
  }
  if (mark === Symbol.for('getter')) return Object.defineProperty({}, 'use', { enumerable: true, get: fail })
  if (mark === Symbol.for('proxy')) return new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail })
  if (mark !== Symbol.for('revoked')) return mark
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Runs it, and holds whatever it throws against what may be thrown. */
async function assertOnlyConfigErrors(run: () => unknown): Promise<void> {
  try {
    await run()
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    if (error instanceof ConfigError) {
      expect(`${error.message}${error.stack}${String(error.cause)}`).not.toContain(secret)
      expect(error.field).not.toBe('')
    }
  }
  expect(Object.keys(Object.prototype)).toEqual([])
}

test('options of any kind are taken or refused with a ConfigError', async () => {
  await fc.assert(
    fc.asyncProperty(junk, async (drawn) => {
      const input = made(drawn)
      await assertOnlyConfigErrors(() => parseOptions(input))
      await assertOnlyConfigErrors(() => resolveOptions(input, redisCluster(3)))
      await assertOnlyConfigErrors(() =>
        resolveQuorum(input as QuorumWish, { n: 3, r: 2, w: 2, allowStale: false }, { w: 2, consistency: 'quorum' }),
      )
    }),
    { numRuns: 500 },
  )
})

test('sources of any kind are opened or refused with a ConfigError', async () => {
  await fc.assert(
    fc.asyncProperty(junk, (drawn) =>
      assertOnlyConfigErrors(async () => {
        const replica = openReplica(made(drawn) as ReplicaSource, 'replicas[0]')
        if (typeof drawn === 'string') expect(replica.id).not.toContain(secret)
      }),
    ),
    { numRuns: 1_000 },
  )
})

test('data of any kind is expanded without an error and without a trace', () => {
  fc.assert(
    fc.property(fc.oneof(members(fc.jsonValue()), fc.jsonValue()), (input) => {
      expandEnvironment(input, { HOST: 'a' })
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
  )
})
