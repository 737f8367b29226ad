import { ConfigError } from '../../src/errors.ts'

/** Where a database is, as far as an id tells it: no user, no password. An absent part means the driver's default. */
export interface PostgresAddress {
  readonly host?: string
  readonly port?: string
  readonly database?: string
  /** Names the database where no database is named. */
  readonly user?: string
}

const scheme = /^(?:postgres|postgresql):\/\//i
/** Stands where a user is given and no host, which is no URL by the book. */
const noHost = 'no-host.invalid'
const expected = 'postgres://user:password@host:port/database, with / ? # @ in the password written as %2F %3F %23 %40'

export function isPostgresUri(text: string): boolean {
  return scheme.test(text)
}

/**
 * Reads a connection string as the driver does: a URI, whose query may name another host and port, or the folder of a
 * Unix socket and a database. The driver itself is not needed, so that a source can be named before it is loaded.
 *
 * @throws ConfigError when it cannot be read; the text is not repeated there, because it holds a password
 */
export function parsePostgresUri(text: string): PostgresAddress {
  if (text.startsWith('/')) {
    const [host, database] = text.split(' ')
    return definedOnly({ host, database })
  }
  const url = parseUrl(text)
  const query = (name: string) => url.searchParams.get(name) || undefined
  const hostname = decode(url.hostname === noHost ? '' : url.hostname.replace(/^\[(.+)\]$/, '$1'))
  // A login of which even `:` and `@` were percent-encoded would pass for the name of a host, and be shown.
  if (hostname.includes('@') || hostname.includes('%')) throw new ConfigError('PostgreSQL URI', expected)
  return definedOnly({
    host: query('host') ?? (hostname || undefined),
    port: query('port') ?? (url.port || undefined),
    database: decode(url.pathname.slice(1)) || undefined,
    user: query('user') ?? (decode(url.username) || undefined),
  })
}

function parseUrl(text: string): URL {
  const afterScheme = text.replace(/^[^:/]*:\/\//, '')
  const authorityLength = afterScheme.search(/[/?#]|$/)
  // An unescaped / or ? in a password ends the authority early: the rest of the password would pass for a database.
  if (afterScheme.includes('@', authorityLength)) throw new ConfigError('PostgreSQL URI', expected)
  const escaped = text.replaceAll(' ', '%20').replace(/%(?![0-9a-f]{2})/gi, '%25')
  const url = URL.parse(escaped) ?? URL.parse(escaped.replace('@/', `@${noHost}/`))
  if (url === null) throw new ConfigError('PostgreSQL URI', expected)
  return url
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function definedOnly(parts: { readonly [Part in keyof PostgresAddress]: string | undefined }): PostgresAddress {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined))
}
