/** Every error of this package carries a stable `code`; see docs/errors.md, one heading a code. */

export type ReplicaErrorCode = 'UNAVAILABLE' | 'TIMEOUT' | 'CORRUPT' | 'CLOSED' | 'REJECTED'

export interface ReplicaErrorFields {
  readonly replica: string
  readonly cause?: unknown
}

/**
 * One replica failed.
 *
 * - `UNAVAILABLE`: known before anything was sent (no connection, refused, failure detector open, queue full).
 * - `TIMEOUT`: sent or connecting, no answer in time; a write may have been applied, or may still be.
 * - `CORRUPT`: what it holds, or what it answered, is not a valid record or answer.
 * - `CLOSED`: the replica was closed by this process.
 * - `REJECTED`: the backend answered with an error (out of memory, read only, permission, syntax).
 */
export class ReplicaError extends Error {
  override readonly name = 'ReplicaError'
  readonly code: ReplicaErrorCode
  readonly replica: string
  /** What went wrong, without the replica's name. */
  declare readonly reason: string

  constructor(code: ReplicaErrorCode, reason: string, fields: ReplicaErrorFields) {
    super(`replica ${fields.replica}: ${reason}`, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = code
    this.replica = fields.replica
    hide(this, 'reason', reason)
  }
}

const thrownLengthMax = 2_000

/** What was thrown, in words. Never throws itself, whatever that was, and never says more than a few lines. */
export function thrownText(thrown: unknown): string {
  try {
    const text = String(thrown instanceof Error ? thrown.message : thrown)
    return text.length > thrownLengthMax ? `${text.slice(0, thrownLengthMax)}…` : text
  } catch {
    return 'something that cannot be put into words'
  }
}

/** As the error of a replica, which it is already unless the replica broke its contract. */
export function asReplicaError(replica: string, thrown: unknown): ReplicaError {
  if (isReplicaError(thrown)) return thrown
  return new ReplicaError('REJECTED', thrownText(thrown), { replica, cause: thrown })
}

/** `instanceof` throws for a proxy that was revoked. */
function isReplicaError(thrown: unknown): thrown is ReplicaError {
  try {
    return thrown instanceof ReplicaError
  } catch {
    return false
  }
}

/** Whether the call certainly changed nothing at the replica. */
export function isNotApplied(error: ReplicaError): boolean {
  return error.code === 'UNAVAILABLE' || error.code === 'CLOSED'
}

export type QuorumOperation = 'get' | 'has' | 'set' | 'delete' | 'clear' | 'iterator'

export interface QuorumErrorFields {
  readonly operation: QuorumOperation
  /** Answers needed: r of a read, w of a write. */
  readonly needed: number
  /** Answers that counted. */
  readonly acked: number
  /** n. */
  readonly replicas: number
  /** Why each replica that did not count did not, by replica id. */
  readonly causes: ReadonlyMap<string, ReplicaError>
  /** `not-applied`: certainly nothing was written. `unknown`: a write may or may not be seen later. */
  readonly outcome: 'unknown' | 'not-applied'
  /** How many keys of the call did not get their quorum. */
  readonly keysFailed: number
}

/** Too few replicas answered: `code` is `QUORUM_LOST`. Never an answer: nothing can be said about the key. */
export class QuorumError extends Error {
  override readonly name = 'QuorumError'
  readonly code = 'QUORUM_LOST'
  readonly operation: QuorumOperation
  readonly needed: number
  readonly acked: number
  readonly replicas: number
  /** Why each replica that did not count did not, by replica id. */
  declare readonly causes: ReadonlyMap<string, ReplicaError>
  readonly outcome: 'unknown' | 'not-applied'
  readonly keysFailed: number

  constructor(fields: QuorumErrorFields) {
    const causes = [...fields.causes.values()]
    super(quorumMessage(fields, causes), { cause: new AggregateError(causes, 'why replicas did not count') })
    this.operation = fields.operation
    this.needed = fields.needed
    this.acked = fields.acked
    this.replicas = fields.replicas
    hide(this, 'causes', fields.causes)
    this.outcome = fields.outcome
    this.keysFailed = fields.keysFailed
  }
}

/** Readable, yet left out when the error is printed: the message and the cause say the same. */
function hide(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, enumerable: false })
}

function quorumMessage(fields: QuorumErrorFields, causes: readonly ReplicaError[]): string {
  const outcome =
    fields.outcome === 'not-applied'
      ? 'nothing was written'
      : 'the write may have reached some replicas and may still be seen'
  const consequence =
    fields.operation === 'get' || fields.operation === 'has' || fields.operation === 'iterator' ? '' : `; ${outcome}`
  const reasons = causes.map(({ replica, code, reason }) => `${replica} ${code} (${reason})`).join(', ')
  return (
    `${fields.operation} needs ${fields.needed} of ${fields.replicas} replicas, and ${fields.acked} answered` +
    `${reasons === '' ? '' : `: ${reasons}`}${consequence}`
  )
}

/** The configuration is wrong: `code` is `CONFIG_INVALID`; `field` names where, `expected` says what belongs there. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'CONFIG_INVALID'
  readonly field: string
  readonly expected: string

  constructor(field: string, expected: string, cause?: unknown) {
    super(`${field}: expected ${expected}`, cause === undefined ? undefined : { cause })
    this.field = field
    this.expected = expected
  }
}

/** A value that cannot be stored (a function, a symbol): `code` is `VALUE_UNSUPPORTED`. Nothing was written. */
export class ValueError extends Error {
  override readonly name = 'ValueError'
  readonly code = 'VALUE_UNSUPPORTED'
}
