import { ConfigError } from '../../src/errors.ts'

/** What may stand beside `url`, as it is, without percent-encoding: where a password from the environment goes. */
export interface Credentials {
  readonly username: string | undefined
  readonly password: string | undefined
}

/**
 * The URI with the credentials in it.
 * @throws ConfigError when the URI has some already
 */
export function withCredentials(url: string, { username, password }: Credentials, field: string): string {
  if (username === undefined && password === undefined) return url
  const hostStart = url.indexOf('://') + '://'.length
  if (url.includes('@')) {
    const name = password === undefined ? 'username' : 'password'
    throw new ConfigError(`${field}.${name}`, 'the credentials here or in url, not in both')
  }
  const login = encodeURIComponent((username ?? '').toWellFormed())
  const secret = password === undefined ? '' : `:${encodeURIComponent(password.toWellFormed())}`
  return `${url.slice(0, hostStart)}${login}${secret}@${url.slice(hostStart)}`
}
