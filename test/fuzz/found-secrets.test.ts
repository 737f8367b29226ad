import { expect, test } from 'vitest'
import { openReplica } from '../../adapters/open.ts'
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
