import fc from 'fast-check'
import { openReplica, type ReplicaSource } from '../../../adapters/open.ts'
import { postgresId, readPostgresSource } from '../../../adapters/postgres/postgres-source.ts'
import { describeRedisSource } from '../../../adapters/redis/redis-source.ts'
import { describeSqliteSource } from '../../../adapters/sqlite/sqlite-source.ts'
import { redact } from '../../../src/config.ts'
import { ConfigError } from '../../../src/errors.ts'
import { KeyvQuorum } from '../../../src/keyv-quorum.ts'
import { ending } from '../documented-errors.ts'
import { hostileText, hostileValue } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import { assertHidden, uriWithSecret } from '../secrets.ts'
import type { FuzzTarget } from '../target.ts'

const validUris = [
  'redis://host:6379/0',
  'rediss://user:password@host',
  'redis+cluster://a:1,b:2',
  'redis+sentinel://a:1,b:2/master/3',
  'postgres://user:password@host:5432/app?sslmode=require',
  'postgresql:///app?host=/tmp',
  '/tmp app',
  'sqlite://./cache.db',
  'sqlite://:memory:',
  'memory://name',
  'mysql://host/db',
]
const uris = fc.oneof({ weight: 5, arbitrary: mutatedText(fc.constantFrom(...validUris)) }, hostileText)

function describeAll(uri: string): void {
  for (const describe of [describeRedisSource, describeSqliteSource, readPostgresSource]) {
    ending(() => describe(uri), [ConfigError])
  }
  const read = ending(() => readPostgresSource(uri), [ConfigError])
  if (!('result' in read) || read.result === null) return
  const { settings: given } = read.result
  ending(() => postgresId(given, 'public', 'keyv_quorum'), [ConfigError])
}

/** URIs of all backends and of none: read, or refused with a ConfigError that names the place. Nothing is connected. */
export const uriTarget: FuzzTarget = {
  name: 'uris',
  casesPerRound: 2_000,
  open: () => ({
    property: fc.asyncProperty(uris, async (uri) => {
      describeAll(uri)
      const opened = ending(() => openReplica(uri, 'replicas[0]'), [ConfigError])
      if ('result' in opened) await opened.result.close()
      else if (!String(opened.refusal.message).startsWith('replicas[0]')) throw new Error('it does not say where')
      assertNothingAdded()
    }),
  }),
}

const settingNames = ['url', 'path', 'id', 'username', 'password', 'table', 'schema', 'keyPrefix', 'store', 'sharedBy']
const countNames = ['connectionsMax', 'changesMax', 'expiryMarginMs', 'connectTimeoutMs', 'durability', '__proto__']
const settings = fc
  .tuple(
    fc.oneof(fc.constantFrom('redis', 'postgres', 'sqlite', 'memory', 'keyv'), hostileText),
    fc.array(fc.tuple(fc.constantFrom(...settingNames, ...countNames), fc.oneof(uris, hostileValue)), { maxLength: 5 }),
  )
  .map(([use, members]) => Object.fromEntries([['use', use], ...members]))

/** `{ use, … }` objects with members of every type. */
export const settingsTarget: FuzzTarget = {
  name: 'settings',
  casesPerRound: 2_000,
  open: () => ({
    property: fc.asyncProperty(settings, async (source) => {
      const opened = ending(() => openReplica(source as unknown as ReplicaSource, 'replicas[0]'), [ConfigError])
      if ('result' in opened) await opened.result.close()
      assertNothingAdded()
    }),
  }),
}

const credentials = fc.record({ username: hostileText, password: uriWithSecret })

/** Wherever a URI is refused, or names a replica, what is secret in it is not said. */
export const secretTarget: FuzzTarget = {
  name: 'secrets-in-uris',
  casesPerRound: 1_500,
  open: () => ({
    property: fc.asyncProperty(uriWithSecret, credentials, async (uri, { username, password }) => {
      assertHidden(redact(uri), redact(`${uri}, and more`))
      const sources = [uri, { use: 'redis', url: uri }, { use: 'postgres', url: uri }]
      for (const source of [...sources, { use: 'redis', url: 'redis://h', username, password }, { [uri]: uri }]) {
        const opened = ending(() => openReplica(source as ReplicaSource, 'replicas[0]'), [ConfigError])
        if ('refusal' in opened) assertHidden(opened.refusal)
        else {
          assertHidden(opened.result.id, opened.result)
          await opened.result.close()
        }
      }
      const made = ending(() => new KeyvQuorum([uri, uri, 'redis://other'], { r: 9 }), [ConfigError])
      if ('result' in made) throw new Error('r was too large')
      assertHidden(made.refusal)
    }),
  }),
}
