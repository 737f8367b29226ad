const schemeShape = /^[a-z][a-z0-9+.-]*:\/\//i
const atSign = /@|%(?:25)*40/gi
const secretWord = /(?:pass|pwd|secret|token|auth|credential|key)[\w.-]*\s*(?:[=:]|%(?:25)*3[ad])/i
const secretAssignment = /(?:pass|pwd|secret|token|auth|credential|key)[\w.-]*\s*(?:=|%(?:25)*3d)/i
const hostAndPort = /^(?:\[[0-9a-f:.%]*\]|[^:[\]]*)(?::\d{0,5})?$/i
const colon = /:|%(?:25)*3a/i
const encodedColon = /%(?:25)*3a/i
const lengthMax = 120
/** What is longer is no connection string, and to look through it for passwords would take for ever. */
const uriLengthMax = 4_096

/** Query parameters whose values may be shown. A list of harmless names cannot miss a new name for a password. */
const harmlessParameters: ReadonlySet<string> = new Set([
  'application_name',
  'connect_timeout',
  'database',
  'db',
  'family',
  'host',
  'keepalives',
  'port',
  'protocol',
  'schema',
  'ssl',
  'sslmode',
  'statement_timeout',
  'table',
  'target_session_attrs',
  'tls',
])

/**
 * A connection string fit for messages and events: credentials are replaced by `***`, wherever they stand and however
 * they are encoded. It works on any text, because an invalid URI is the one that ends up in a message. In doubt it
 * hides too much: a password may itself hold `@`, `/` or `?`.
 */
export function redact(uri: string): string {
  return shown(redactCredentials(uri))
}

function redactCredentials(uri: string): string {
  const scheme = schemeShape.exec(uri)?.[0] ?? ''
  if (uri.length > uriLengthMax) return `${scheme}***`
  const rest = uri.slice(scheme.length)
  const at = lastAtSign(rest)
  if (at === null) return scheme + redactSecretWords(redactAuthority(rest))
  const before = rest.slice(0, at.start)
  // Either the password holds a question mark, or the query an at sign: it cannot be told which part is which.
  if (before.includes('?') || secretAssignment.test(before)) return `${scheme}***`
  return `${scheme}***@${redactSecretWords(rest.slice(at.end))}`
}

function lastAtSign(text: string): { start: number; end: number } | null {
  let last: { start: number; end: number } | null = null
  for (const match of text.matchAll(atSign)) last = { start: match.index, end: match.index + match[0].length }
  return last
}

/** `user:password` without a host after it: everything behind a colon that is not a port number. */
function redactAuthority(rest: string): string {
  const end = rest.search(/[/?#]/)
  const authority = end === -1 ? rest : rest.slice(0, end)
  const isHosts = !encodedColon.test(authority) && authority.split(',').every((host) => hostAndPort.test(host))
  const colonAt = authority.search(colon)
  if (isHosts || colonAt === -1 || secretWord.test(authority)) return rest
  return `${authority.slice(0, colonAt)}:***`
}

function redactSecretWords(rest: string): string {
  const question = rest.indexOf('?')
  if (question !== -1 && !isHarmlessQuery(rest.slice(question + 1))) {
    return `${redactSecretWords(rest.slice(0, question))}?***`
  }
  const found = secretWord.exec(rest)
  return found === null ? rest : `${rest.slice(0, found.index + found[0].length)}***`
}

function isHarmlessQuery(query: string): boolean {
  return query.split('&').every((parameter) => {
    const equals = parameter.indexOf('=')
    return equals !== -1 && harmlessParameters.has(parameter.slice(0, equals))
  })
}

/** One short printable line. */
function shown(text: string): string {
  const line = text.toWellFormed().replace(/\p{Cc}/gu, '?')
  return line.length > lengthMax ? `${line.slice(0, lengthMax)}…` : line
}
