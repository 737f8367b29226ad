import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redact } from '../../src/config.ts'

describe('what is shown of a connection string', () => {
  test.each([
    // Nothing secret: shown as it is.
    ['redis://cache:6379/0', 'redis://cache:6379/0'],
    ['redis://[::1]:6379/0?db=1', 'redis://[::1]:6379/0?db=1'],
    ['postgres://a:5432,b:5433/app?sslmode=require', 'postgres://a:5432,b:5433/app?sslmode=require'],
    ['sqlite://./cache.db', 'sqlite://./cache.db'],
    ['sqlite:///C:/cache.db', 'sqlite:///C:/cache.db'],
    ['memory://', 'memory://'],
    ['', ''],
    // Credentials before the host.
    ['redis://user:s3cret@cache:6379/0', 'redis://***@cache:6379/0'],
    ['redis://:s3cret@cache', 'redis://***@cache'],
    ['redis://s3cret@cache', 'redis://***@cache'],
    ['postgres://user:s3%40cret@db/app', 'postgres://***@db/app'],
    ['redis://user%3As3cret%40cache', 'redis://***@cache'],
    ['redis://user%253As3cret%2540cache', 'redis://***@cache'],
    // Invalid, because the password was not percent-encoded.
    ['redis://user:s3/cr@et#1@cache', 'redis://***@cache'],
    ['redis://user:s3?cret@cache', 'redis://***'],
    // Invalid in other ways.
    ['redis://user:s3cret', 'redis://user:***'],
    ['redis://user%3As3cret', 'redis://user:***'],
    ['redis:user:s3cret@cache', '***@cache'],
    ['user:s3cret@cache:6379', '***@cache:6379'],
    [' redis://user:s3cret@cache', '***@cache'],
    // Elsewhere.
    ['postgres://db/app?password=s3cret&sslmode=require', 'postgres://db/app?***'],
    ['postgres://db/app?sslmode=require&pass%77ord=s3cret', 'postgres://db/app?***'],
    ['postgres://db/app?password=s3@cret', 'postgres://***'],
    ['postgres://db/app?s3cret', 'postgres://db/app?***'],
    ['host=db user=app password=s3cret dbname=app', 'host=db user=app password=***'],
    ['host=db password=s3c@ret', '***'],
    ['postgres://user:s3cret@db/app?password=s3cret', 'postgres://***@db/app?***'],
    // One line, of bounded length.
    ['redis://ca\nche', 'redis://ca?che'],
    ['\ud800', '\ufffd'],
    [`redis://${'a'.repeat(200)}`, `redis://${'a'.repeat(112)}…`],
  ])('%j', (uri, expected) => {
    expect(redact(uri)).toBe(expected)
  })
})

describe('whatever the password', () => {
  const password = fc.string({ unit: 'binary', minLength: 1 }).map((text) => `S3cr${text}t`)
  const encoded = password.map((text) => encodeURIComponent(text.toWellFormed()))
  const shapes: readonly ((secret: string) => string)[] = [
    (secret) => `redis://user:${secret}@cache:6379/0`,
    (secret) => `redis://:${secret}@cache?db=1`,
    (secret) => `rediss:user:${secret}@cache`,
    (secret) => `user:${secret}@cache`,
    (secret) => `postgres://db/app?password=${secret}`,
    (secret) => `postgres://db/app?sslmode=require&pass%77ord=${secret}&db=1`,
    (secret) => `host=db password=${secret}`,
  ]

  test('no part of it is shown', () => {
    fc.assert(
      fc.property(fc.oneof(password, encoded), fc.constantFrom(...shapes), (secret, shape) => {
        expect(redact(shape(secret))).not.toContain('S3cr')
      }),
    )
  })

  test('nothing of what stands between two marks of it is shown', () => {
    const marks = fc.stringMatching(/^[@:/?#%&= ]{0,6}$/)
    fc.assert(
      fc.property(marks, fc.constantFrom(...shapes), (between, shape) => {
        const shown = redact(shape(`S3cr${between}et99`))
        expect(shown).not.toContain('S3cr')
        expect(shown).not.toContain('et99')
      }),
    )
  })
})
