import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ReplicaErrorCode } from '../../src/errors.ts'

/** Why a call failed, in a form that survives the way between threads. */
export interface SqliteFailure {
  readonly code: ReplicaErrorCode
  readonly message: string
  readonly cause: unknown
  readonly kind: FailureKind
}

/**
 * - `busy`: another connection was in the way; nothing is wrong with this one.
 * - `read-only`: it was, when this connection was opened.
 * - `lineage-lost`: the data is no longer what earlier calls saw, so calls made meanwhile must not be answered from it.
 */
export type FailureKind = 'busy' | 'read-only' | 'lineage-lost' | 'other'

/** A failure that SQLite itself does not see. */
export class SqliteTrouble extends Error {
  override readonly name = 'SqliteTrouble'
  readonly code: ReplicaErrorCode
  readonly kind: FailureKind

  constructor(code: ReplicaErrorCode, message: string, kind: FailureKind = 'other') {
    super(message)
    this.code = code
    this.kind = kind
  }
}

/** The primary result codes of SQLite that have something of their own to say. */
const resultCodes = {
  error: 1,
  busy: 5,
  locked: 6,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  notADatabase: 26,
} as const

/**
 * `UNAVAILABLE` only where SQLite certainly applied nothing: no lock, no file. An error while writing or syncing says
 * nothing about what is on the disk, so it is `REJECTED`.
 */
const meanings: ReadonlyMap<number, readonly [ReplicaErrorCode, string]> = new Map([
  [resultCodes.busy, ['UNAVAILABLE', 'it stayed locked by another connection']],
  [resultCodes.locked, ['UNAVAILABLE', 'it stayed locked by another connection']],
  [resultCodes.protocol, ['UNAVAILABLE', 'it stayed locked by another connection']],
  [resultCodes.cannotOpen, ['UNAVAILABLE', 'it cannot be opened']],
  [resultCodes.readOnly, ['REJECTED', 'it is read-only']],
  [resultCodes.inputOutput, ['REJECTED', 'its disk failed']],
  [resultCodes.full, ['REJECTED', 'its disk is full']],
  [resultCodes.corrupt, ['CORRUPT', 'its file is damaged']],
  [resultCodes.notADatabase, ['REJECTED', 'its file is no SQLite database']],
])

export function failureOf(error: unknown, path: string): SqliteFailure {
  if (error instanceof SqliteTrouble) {
    return { code: error.code, message: error.message, cause: undefined, kind: error.kind }
  }
  const resultCode = resultCodeOf(error)
  const [code, meaning] = meanings.get(resultCode ?? -1) ?? ['REJECTED', 'SQLite refused']
  const reason = resultCode === resultCodes.cannotOpen ? whyNotOpened(path) : null
  const said = error instanceof Error ? error.message : String(error)
  return { code, message: `${meaning}: ${reason ?? said}`, cause: error, kind: kindOf(resultCode) }
}

/** No such table, above all: someone dropped it while it was in use. */
export function isSchemaError(error: unknown): boolean {
  return resultCodeOf(error) === resultCodes.error
}

/** Why a change of settings may fail without harm: someone else is at work, or nobody may write. */
export function isBusyOrReadOnly(error: unknown): boolean {
  return kindOf(resultCodeOf(error)) !== 'other'
}

function kindOf(resultCode: number | null): FailureKind {
  const { busy, locked, protocol, readOnly } = resultCodes
  if (resultCode === busy || resultCode === locked || resultCode === protocol) return 'busy'
  return resultCode === readOnly ? 'read-only' : 'other'
}

/** The primary result code: extended ones say more in the higher bits. */
function resultCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  return error.errcode & 0xff
}

/** SQLite says no more than "unable to open database file". */
function whyNotOpened(path: string): string | null {
  try {
    const folder = statSync(dirname(path), { throwIfNoEntry: false })
    if (folder === undefined) return `the folder ${dirname(path)} does not exist`
    if (!folder.isDirectory()) return `${dirname(path)} is not a folder`
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return `${path} is a folder`
  } catch {
    // Whatever keeps the folder from being looked at keeps the file from being opened, and SQLite's words must do.
  }
  return null
}
