import { ReplicaError } from '../../src/errors.ts'

/** Five characters, from the server's answer; null when the error is not one. A Node error has a `code` as well. */
export function sqlStateOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/** `statement_timeout`, `lock_timeout`, or a cancel from outside. */
const tooLate = new Set(['57014', '55P03'])
/** The server refuses who or what we ask for, and will again: password, role, database, permission. */
const refusals = /^(?:28|3D|42|0A)/
/** Connection exceptions, and an end ordered by the administrator, a crash or a time limit. */
const lostConnection = /^(?:08|57P)/
/** Written to a standby: another connection may lead to the primary. */
const readOnly = '25006'

/** Before anything was sent. */
export function connectError(replica: string, cause: unknown): ReplicaError {
  if (cause instanceof ReplicaError) return cause
  const state = sqlStateOf(cause)
  const code = state !== null && refusals.test(state) ? 'REJECTED' : 'UNAVAILABLE'
  return new ReplicaError(code, `no connection: ${messageOf(cause)}`, { replica, cause })
}

/** After something was sent. */
export function requestError(replica: string, cause: unknown): ReplicaError {
  if (cause instanceof ReplicaError) return cause
  const state = sqlStateOf(cause)
  if (state !== null && tooLate.has(state)) {
    return new ReplicaError('TIMEOUT', `the server gave up, and changed nothing: ${messageOf(cause)}`, {
      replica,
      cause,
    })
  }
  if (state === null || lostConnection.test(state)) {
    const message = `the connection was lost before an answer; a write may have been carried out: ${messageOf(cause)}`
    return new ReplicaError('TIMEOUT', message, { replica, cause })
  }
  return new ReplicaError('REJECTED', `${messageOf(cause)} (SQLSTATE ${state})`, { replica, cause })
}

/** Whether a connection is of no more use after this error. */
export function endsConnection(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === null || state === readOnly || lostConnection.test(state)
}

/** A refused connection to a name with two addresses comes as an AggregateError without a message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  return error.message || ('code' in error ? String(error.code) : error.name)
}
