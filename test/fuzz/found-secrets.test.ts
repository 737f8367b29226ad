import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { openReplica } from '../../adapters/open.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { masked } from '../../cli/masked.ts'
import { run } from '../../cli/run.ts'
import { redact } from '../../src/config.ts'
import { ConfigError } from '../../src/errors.ts'

/** Logins that were taken for a name, and names are shown. */
test.each([
  'redis://us%65r%3As3cret%40host',
  'redis+cluster://a:1,user%3As3cret%40host:2',
  'postgres://us%65r%3As3cret%40host/app',
  'memory://user%3As3cret%40host',
  'memory://user%253As3cret%2540host',
  'memory://host/app?sslmode=disable&pass%77ord=s3cret',
  'memory://user:s3/cr\net@host',
  'sqlite://host?db=1&my_password=s3cret',
])('%s is refused, and not shown', (uri) => {
  let refusal: unknown
  try {
    openReplica(uri, 'replicas[0]')
  } catch (error) {
    refusal = error
  }
  expect(refusal).toBeInstanceOf(ConfigError)
  expect(String(refusal)).not.toMatch(/s3|ret/)
})

test.each(['sqlite://./c@che.db', 'sqlite:///C:/users/me@work/cache.db', 'memory://a:b', 'sqlite://100%.db'])(
  '%s holds no login, and is opened',
  async (uri) => {
    await openReplica(uri, 'replicas[0]').close()
  },
)

test.each([
  [['redis://user:s3 c\'ret"@host']],
  [['redis:user:s3 cret@host']],
  [['status', "--replicas=redis://user:s3'cret@host"]],
  [['status', '--r', 'redis://user:s3 cret@host']],
  [['import', 'sqlite://user:s3cret@host/x.db', '--replica', 'redis://127.0.0.1:1']],
])('the command %j does not print its password', async (given) => {
  const printed: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      printed.push(String(chunk))
      done()
    },
  })
  expect(await run(given, { stdout: stream, stderr: stream })).toBe(exitCodes.notUnderstood)
  expect(printed.join('')).toContain('error: ')
  expect(printed.join('')).not.toMatch(/s3|cret/)
})

test('what is too long for a connection string is hidden whole, at once', () => {
  expect(redact(`redis://${'pass'.repeat(250_000)}!`)).toBe('redis://***')
  expect(masked(`${'a'.repeat(1_000_000)} redis://user:s3cret@host`)).toMatch(/a redis:\/\/\*\*\*@host$/)
})
