import { type DriverClient, loadDriver, safeOptions } from '../../adapters/redis/driver.ts'
import { destroyClient } from '../../adapters/redis/redis-link.ts'
import { parseRedisUri } from '../../adapters/redis/redis-uri.ts'
import { ConfigError } from '../../src/errors.ts'
import type { ImportEntry } from '../../src/import/import-source.ts'
import type { ClosableSource, UriSourceOptions } from './closable-source.ts'

const pageKeys = 500
const connectTimeoutMs = 5_000
/** What `@keyv/redis` of both series puts between its namespace and a key. */
const separator = '::'

/** The strings in a Redis database, under the keys that Keyv handed to `@keyv/redis`. */
export function redisSource(uri: string, { namespace }: Pick<UriSourceOptions, 'namespace'>): ClosableSource {
  const target = parseRedisUri(uri)
  if (target.kind !== 'server') {
    throw new ConfigError(
      'SOURCE',
      'a single server: from a cluster or a sentinel, import by `importFrom` in a program',
    )
  }
  let client: DriverClient | null = null
  return {
    async *pages() {
      const driver = await loadDriver()
      const connected = driver.createClient(safeOptions(target.options, connectTimeoutMs))
      // Every failure rejects a call too; without a listener it would end the process.
      connected.on('error', () => undefined)
      client = connected
      await connected.connect()
      yield* pagesOf(connected, namespace)
    },
    close() {
      if (client !== null) destroyClient(client)
    },
  }
}

async function* pagesOf(client: DriverClient, namespace: string | undefined): AsyncGenerator<ImportEntry[]> {
  const prefix = namespace ? namespace + separator : ''
  const pattern = `${prefix.replace(/[*?[\]\\^]/g, '\\$&')}*`
  let cursor = '0'
  do {
    const reply = await client.sendCommand(['SCAN', cursor, 'MATCH', pattern, 'COUNT', `${pageKeys}`, 'TYPE', 'string'])
    const [next, keys] = reply as [string, string[]]
    cursor = String(next)
    yield await entriesOf(client, keys, prefix)
  } while (cursor !== '0')
}

async function entriesOf(client: DriverClient, keys: readonly string[], prefix: string): Promise<ImportEntry[]> {
  if (keys.length === 0) return []
  const values = (await client.sendCommand(['MGET', ...keys])) as (string | null)[]
  return Promise.all(keys.map((key, index) => entryOf(client, { key, stored: values[index] ?? null }, prefix)))
}

async function entryOf(client: DriverClient, found: ImportEntry, prefix: string): Promise<ImportEntry> {
  if (prefix === '' && found.key.includes(separator)) {
    return { ...found, unfit: 'it is in a namespace: import that by --namespace' }
  }
  const entry = { key: found.key.slice(prefix.length), stored: found.stored }
  // The envelope tells the time, unless someone gave the key a time by hand.
  if (typeof entry.stored !== 'string' || entry.stored.includes('"expires":')) return entry
  const expiresAtMs = Number(await client.sendCommand(['PEXPIRETIME', found.key]))
  return expiresAtMs > 0 ? { ...entry, expiresAtMs } : entry
}
