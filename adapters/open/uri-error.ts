import { nearestName } from '../../src/config/nearest-name.ts'
import { ConfigError } from '../../src/errors.ts'

const schemeShape = /^([a-z][a-z0-9+.-]{0,30}):\/\//i
const fileShape = /^[\w./\\:~ -]{0,100}\.(?:db|db3|sqlite|sqlite3)$/i
const hostShape = /^[\w.-]{1,100}:(\d{1,5})$/
const schemesOfPorts: Readonly<Record<string, string>> = { 6379: 'redis://', 5432: 'postgres://' }

/**
 * Why a text names no replica. It is repeated only where it cannot hold a password: a scheme, a file, a host and port.
 */
export function unknownUri(text: string, schemes: readonly string[], field: string): ConfigError {
  const known = `a URI with one of ${schemes.join(', ')}`
  const scheme = schemeShape.exec(text)?.[1]
  if (scheme !== undefined) return new ConfigError(field, `${known}; ${schemeAdvice(scheme, schemes)}`)
  const meant = uriMeant(text)
  return new ConfigError(field, meant === null ? known : `${known}; did you mean ${meant}?`)
}

function schemeAdvice(scheme: string, schemes: readonly string[]): string {
  const near = nearestName(
    scheme,
    schemes.map((each) => each.slice(0, -'://'.length)),
  )
  return near === null ? `${scheme}:// is none of them` : `did you mean ${near}://?`
}

function uriMeant(text: string): string | null {
  if (text === ':memory:' || fileShape.test(text)) return `sqlite://${text}`
  const port = hostShape.exec(text)?.[1]
  if (port === undefined || !Object.hasOwn(schemesOfPorts, port)) return null
  return `${schemesOfPorts[port]}${text}`
}
