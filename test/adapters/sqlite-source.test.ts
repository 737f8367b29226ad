import { createRequire, Module } from 'node:module'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import KeyvSqlite6 from '@keyv/sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import {
  describeSqliteSource,
  type KeyvSqlite4 as KeyvSqlite4Shape,
  sqliteGuarantees,
} from '../../adapters/sqlite/sqlite-source.ts'
import { ConfigError } from '../../src/errors.ts'
import { useScratch } from './sqlite-support/scratch.ts'

const scratch = useScratch()
const adapters: { disconnect(): Promise<void> }[] = []
afterAll(() => Promise.all(adapters.map((adapter) => adapter.disconnect())))

function keyvSqlite6(uri: string): KeyvSqlite6 {
  const adapter = new KeyvSqlite6(uri)
  adapters.push(adapter)
  return adapter
}

class IdleDatabase {
  constructor(_path: string, opened: (error: null) => void) {
    queueMicrotask(() => opened(null))
  }
  all(_sql: string, answer: (error: null, rows: unknown[]) => void): void {
    answer(null, [])
  }
  close(done: (error: null) => void): void {
    done(null)
  }
}

/** The real class of the 4 series. Only its driver is a stand-in: that is an addon, which need not be compiled here. */
const KeyvSqlite4 = loadKeyvSqlite4()

function loadKeyvSqlite4(): new (uri: string) => KeyvSqlite4Shape {
  const fromKeyv5 = createRequire(new URL('../keyv5/package.json', import.meta.url))
  const fromAdapter = createRequire(fromKeyv5.resolve('@keyv/sqlite'))
  const driver = fromAdapter.resolve('sqlite3')
  const standIn = new Module(driver)
  standIn.exports = { Database: IdleDatabase }
  fromAdapter.cache[driver] = standIn
  return fromKeyv5('@keyv/sqlite').KeyvSqlite
}

describe('describeSqliteSource', () => {
  it.each([
    ['sqlite:///var/data/a.db', '/var/data/a.db'],
    ['sqlite://a.db', resolve('a.db')],
    ['sqlite://sub/../a.db', resolve('a.db')],
    ['sqlite://a%20b?c#d.db', resolve('a%20b?c#d.db')],
    ['sqlite://:memory:', ':memory:'],
    ['sqlite://', ':memory:'],
  ])('reads %s as @keyv/sqlite does', (uri, path) => {
    const expected = { id: `sqlite:${path}`, path }
    expect(describeSqliteSource(uri)).toEqual(expected)
    expect(describeSqliteSource({ path: uri.slice('sqlite://'.length) })).toEqual(expected)
    expect(describeSqliteSource(new KeyvSqlite4(uri))).toEqual(expected)
  })

  it('reads the address out of a KeyvSqlite 6', () => {
    const path = scratch.newPath()
    expect(describeSqliteSource(keyvSqlite6(`sqlite://${path}`))).toEqual({ id: `sqlite:${path}`, path })
    expect(describeSqliteSource(keyvSqlite6('sqlite://:memory:'))?.path).toBe(':memory:')
  })

  it('reads the location of an open DatabaseSync', () => {
    const path = scratch.newPath()
    using database = new DatabaseSync(path)
    using inMemory = new DatabaseSync(':memory:')
    expect(describeSqliteSource(database)).toEqual({ id: `sqlite:${path}`, path })
    expect(describeSqliteSource(inMemory)?.path).toBe(':memory:')
  })

  it.each([
    ['another URI', 'redis://localhost'],
    ['a bare path', '/var/data/a.db'],
    ['a number', 7],
    ['null', null],
    ['nothing', undefined],
    ['a Map', new Map()],
    ['options of another backend that have a path', { path: '/tmp/redis.sock', db: 0 }],
    ['an adapter with another dialect', { opts: { dialect: 'postgres', db: 'x' }, query: () => {} }],
  ])('says null to %s', (_name, source) => {
    expect(describeSqliteSource(source)).toBeNull()
  })

  it('refuses what is SQLite, but cannot be opened', () => {
    const closed = new DatabaseSync(':memory:')
    closed.close()
    expect(() => describeSqliteSource(closed)).toThrow(ConfigError)
    expect(() => describeSqliteSource('sqlite://file:a.db?mode=ro')).toThrow(ConfigError)
    expect(() => describeSqliteSource({ path: 'a\0b' })).toThrow(ConfigError)
  })
})

describe('sqliteGuarantees', () => {
  it('says who shares the data', () => {
    expect(sqliteGuarantees('/a.db')).toEqual({ putIfNewer: 'atomic', sharedBy: 'host', backend: 'sqlite' })
    expect(sqliteGuarantees(':memory:').sharedBy).toBe('process')
  })
})

describe('sqliteReplica', () => {
  it('is named after its path, and its table where that is not the usual one', () => {
    const path = scratch.newPath()
    expect(scratch.open(path).id).toBe(`sqlite:${path}`)
    expect(scratch.open(path, { table: 'other' }).id).toBe(`sqlite:${path}#other`)
    expect(scratch.open(path, { id: 'mine', table: 'other' }).id).toBe('mine')
  })

  it.each(['', 'a b', 'a"b', '1a', 'sqlite_a', 'a'.repeat(64), 'ä'])('refuses the table name %j', (table) => {
    expect(() => sqliteReplica('sqlite://:memory:', { table })).toThrow(ConfigError)
  })

  it('refuses a source that is not SQLite', () => {
    expect(() => sqliteReplica('redis://localhost')).toThrow(ConfigError)
  })
})
