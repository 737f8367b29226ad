import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withCredentials } from '../../adapters/open/credentials.ts'
import { readPostgresSource } from '../../adapters/postgres/postgres-source.ts'
import { redisTarget } from '../../adapters/redis/redis-source.ts'

const text = fc
  .string({ unit: 'binary', minLength: 1 })
  .filter((drawn) => drawn.isWellFormed() && !drawn.includes('\0'))

test('whatever the credentials hold, Redis gets them as they are', () => {
  fc.assert(
    fc.property(text, text, (username, password) => {
      const target = redisTarget(withCredentials('rediss://host:1/2', { username, password }, 'replicas[0]'))
      expect(target?.options).toMatchObject({ username, password, database: 2, socket: { host: 'host', port: 1 } })
    }),
  )
})

test('whatever the credentials hold, PostgreSQL gets them as they are', async () => {
  const { default: pg } = await import('pg')
  fc.assert(
    fc.property(text, text, (user, password) => {
      const uri = withCredentials('postgres://host:1/app', { username: user, password }, 'replicas[0]')
      const client = new pg.Client({ ...readPostgresSource(uri)?.settings } as object)
      expect([client.user, client.password, client.host, client.port, client.database]).toEqual([
        user,
        password,
        'host',
        1,
        'app',
      ])
    }),
  )
})

test('a password alone leaves the user to the server', () => {
  const uri = withCredentials('redis://host', { username: undefined, password: 'a/b' }, 'replicas[0]')
  expect(uri).toBe('redis://:a%2Fb@host')
})
