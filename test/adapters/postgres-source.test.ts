import KeyvPostgres from '@keyv/postgres'
import KeyvSqlite from '@keyv/sqlite'
import fc from 'fast-check'
import { Keyv } from 'keyv'
import pg from 'pg'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { postgresReplica } from '../../adapters/postgres/postgres-replica.ts'
import { describePostgresSource, readPostgresSource } from '../../adapters/postgres/postgres-source.ts'
import OlderKeyvPostgres from '../keyv5/node_modules/@keyv/postgres/dist/index.js'

const secret = 'pa55-w0rd'
const uri = `postgres://ann:${secret}@db.example:6543/app`
const id = 'postgres://db.example:6543/app'

function idOf(source: unknown): string | undefined {
  return describePostgresSource(source)?.id
}

/** Adapters connect as soon as they are made, to nowhere. */
function silent<Emitter extends { on(event: 'error', listener: () => void): unknown }>(emitter: Emitter): Emitter {
  emitter.on('error', () => undefined)
  return emitter
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the id of a PostgreSQL URI', () => {
  it.each([
    [uri, id],
    ['postgresql://db.example/app', 'postgres://db.example:5432/app'],
    ['POSTGRES://ann@db.example/app?sslmode=no-verify', 'postgres://db.example:5432/app'],
    ['postgres://ann@[2001:db8::7]:6543/app', 'postgres://[2001:db8::7]:6543/app'],
    ['postgres://ann:x@/app?host=/var/run/postgresql', 'postgres://%2Fvar%2Frun%2Fpostgresql:5432/app'],
    ['postgres://%2Ftmp/app', 'postgres://%2Ftmp:5432/app'],
    ['postgres://db.example/app?host=other.example&port=7000', 'postgres://other.example:7000/app'],
    ['postgres://db.example/my%20app', 'postgres://db.example:5432/my%20app'],
    ['postgres://ann:100%@db.example/app', 'postgres://db.example:5432/app'],
  ])('of %s is %s', (source, expected) => {
    expect(idOf(source)).toBe(expected)
  })

  it('fills up from the environment as the driver does', () => {
    for (const name of ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER']) vi.stubEnv(name, undefined)
    expect(idOf('postgres://ann@/')).toBe('postgres://localhost:5432/ann')
    vi.stubEnv('PGUSER', 'bob')
    expect(idOf('postgres://')).toBe('postgres://localhost:5432/bob')
    vi.stubEnv('PGHOST', 'db.example')
    expect(idOf('postgres://ann:x@/app')).toBe('postgres://db.example:5432/app')
    vi.stubEnv('PGPORT', '6543')
    vi.stubEnv('PGDATABASE', 'app')
    expect(idOf('postgres://')).toBe(id)
  })

  it('never holds a part of the password, whatever is in it', () => {
    const awkward = fc.string({ unit: fc.constantFrom('/', '?', '#', '@', ':', '%', '&', '=', ' ', 'S', 'E', 'C') })
    fc.assert(
      fc.property(awkward, fc.boolean(), (password, isEncoded) => {
        const text = `postgres://ann:SECRET${isEncoded ? encodeURIComponent(password) : password}SECRET@db.example/app`
        try {
          expect(idOf(text)).toBe('postgres://db.example:5432/app')
        } catch (error) {
          expect(isEncoded, 'an encoded password can be read').toBe(false)
          expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
          expect(String(error)).not.toContain('SECRET')
        }
      }),
    )
  })

  it('cannot be told of a URI with a password that ends its host early', () => {
    for (const password of ['12/secret', '12?secret', '12#secret', '/', 'a/b@c']) {
      expect(() => idOf(`postgres://ann:${password}@db.example/app`)).toThrow(/PostgreSQL URI: expected .*%2F/)
    }
  })
})

describe('a PostgreSQL source', () => {
  it.each([
    ['an adapter of series 6', () => silent(new KeyvPostgres({ uri, schema: 'cache' })), `${id}?schema=cache`],
    ['an adapter of series 6 from a URI', () => silent(new KeyvPostgres(uri)), id],
    ['an older adapter', () => silent(new OlderKeyvPostgres({ uri, schema: 'cache' })), `${id}?schema=cache`],
    ['an older adapter from a URI', () => silent(new OlderKeyvPostgres(uri)), id],
    ['a pool from a URI', () => new pg.Pool({ connectionString: uri }), id],
    ['a pool', () => new pg.Pool({ host: 'db.example', port: 6543, database: 'app', password: secret }), id],
    ['a client from a URI', () => new pg.Client(uri), id],
    ['a client', () => new pg.Client({ host: 'db.example', port: 6543, database: 'app', password: secret }), id],
  ])('is %s', (_name, make, expected) => {
    expect(idOf(make())).toBe(expected)
  })

  it('has an id that tells schema and table where they are not the usual ones', () => {
    expect(postgresReplica(uri).id).toBe(id)
    expect(postgresReplica(uri, { schema: 'cache', table: 'second' }).id).toBe(`${id}?schema=cache&table=second`)
    expect(postgresReplica(uri, { id: 'mine' }).id).toBe('mine')
  })

  it.each([
    ['a pool', () => new pg.Pool({ host: 'db.example', user: 'ann', password: secret, ssl: { ca: 'ca' } })],
    ['a client', () => new pg.Client({ host: 'db.example', user: 'ann', password: secret, ssl: { ca: 'ca' } })],
  ])('gives its password and TLS settings, which do not show up when logged: %s', (_name, make) => {
    expect(readPostgresSource(make())?.settings).toMatchObject({
      host: 'db.example',
      user: 'ann',
      password: secret,
      ssl: { ca: 'ca' },
    })
  })

  it.each([
    ['series 6', () => silent(new KeyvPostgres({ uri, ssl: { ca: 'ca' }, options: '-c a=b' }))],
    ['the older series', () => silent(new OlderKeyvPostgres({ uri, ssl: { ca: 'ca' }, options: '-c a=b' }))],
  ])('gives the connection settings of an adapter of %s', (_name, make) => {
    expect(readPostgresSource(make())?.settings).toEqual({
      connectionString: uri,
      ssl: { ca: 'ca' },
      options: '-c a=b',
    })
  })

  it.each([
    ['a Redis URI', 'redis://db.example'],
    ['a file name', '/var/lib/app.db'],
    ['an empty text', ''],
    ['undefined', undefined],
    ['null', null],
    ['a number', 5432],
    ['an empty object', {}],
    ['a Map', new Map()],
    ['a Keyv in memory', new Keyv()],
    ['a SQLite adapter', silent(new KeyvSqlite('sqlite://:memory:'))],
    ['something with a uri', { uri, query: () => undefined }],
    ['something with options', { options: { host: 'db.example' }, connect: () => undefined }],
  ])('is not %s', (_name, source) => {
    expect(describePostgresSource(source)).toBeNull()
  })
})

describe('postgresReplica', () => {
  it('refuses what it cannot use, at once and without the password', () => {
    const refused: readonly (readonly [string, () => unknown])[] = [
      ['source', () => postgresReplica('redis://db.example')],
      ['PostgreSQL URI', () => postgresReplica(`postgres://ann:12/${secret}@db.example/app`)],
      ['table', () => postgresReplica(uri, { table: 't'.repeat(64) })],
      ['table', () => postgresReplica(uri, { table: '' })],
      ['schema', () => postgresReplica(uri, { schema: 'a\0b' })],
      ['connectionsMax', () => postgresReplica(uri, { connectionsMax: 0 })],
      ['connectionsMax', () => postgresReplica(uri, { connectionsMax: 1.5 })],
    ]
    for (const [field, make] of refused) {
      try {
        make()
        expect.unreachable()
      } catch (error) {
        expect(error).toMatchObject({ code: 'CONFIG_INVALID', field })
        expect(String(error)).not.toContain(secret)
      }
    }
  })
})
