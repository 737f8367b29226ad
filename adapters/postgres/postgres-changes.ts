import { ReplicaError } from '../../src/errors.ts'
import type { ChangesOptions, ChangesStep } from '../../src/replica.ts'
import { systemRuntime } from '../../src/runtime.ts'
import { abortable } from './abortable.ts'
import { type ChangesPosition, firstUnderWay, logName, positionText, readPosition } from './changes-position.ts'
import { readKeys } from './long-keys.ts'
import type { PostgresDatabase } from './postgres-database.ts'
import { sqlStateOf } from './postgres-errors.ts'
import { readLineage } from './postgres-lineage.ts'
import type { RunStatement } from './run-statement.ts'
import type { ToldLineage } from './told-lineage.ts'

const stepRowsMax = 2000
/** A step ends with the batch that comes to so many. */
const stepKeysMax = 10_000

const attemptsMax = 3

/** May not read the log. */
const notAllowed = '42501'
/** The position of a log that cannot be read: always a gap. */
const nowhere = 'none'

interface LogState extends ChangesPosition {
  /** The last transaction whose batch may be missing. */
  readonly missingUntil: bigint
}

interface Page {
  readonly keys: readonly string[]
  /** The last transaction; null at the end. */
  readonly last: string | null
}

/** Page by page, each a call of its own. */
export async function* changesSteps(
  database: PostgresDatabase,
  told: ToldLineage | null,
  after: string | null,
  { stepTimeoutMs, signal }: ChangesOptions,
): AsyncGenerator<ChangesStep> {
  const call = <Answer>(work: (run: RunStatement) => Promise<Answer>) => {
    signal?.throwIfAborted()
    return abortable(database.call(stepTimeoutMs, work, told), signal)
  }
  const now = await call((run) => readableState(database.replica, run, told))
  if (now === null) return yield { keys: [], position: nowhere, isGap: true }
  const position = positionText(now)
  if (after === null) return yield { keys: [], position }
  const from = readPosition(after)
  if (from === null || isGap(from, now)) return yield { keys: [], position, isGap: true }
  for (let last: string | null = '-1'; last !== null; ) {
    const start: string = last
    const read = await call(async (run) => {
      const page = await readPage(database.replica, run, [from.snapshot, now.snapshot, start])
      // Looked at afterwards: what was not missing then was not missing before.
      return isGap(from, await logState(database.replica, run, told)) ? null : page
    })
    if (read === null) return yield { keys: [], position, isGap: true }
    last = read.last
    // Only the end is a place to go on from: what is read so far is in the order of nothing.
    yield { keys: read.keys, position: last === null ? position : after }
  }
}

function isGap(from: ChangesPosition, { log, missingUntil }: LogState): boolean {
  return from.log !== log || missingUntil >= firstUnderWay(from.snapshot)
}

/** Null where this role may not read the log. */
function readableState(replica: string, run: RunStatement, told: ToldLineage | null): Promise<LogState | null> {
  return logState(replica, run, told).catch((error: unknown) => {
    if (sqlStateOf(error) !== notAllowed) throw error
    return null
  })
}

async function logState(replica: string, run: RunStatement, told: ToldLineage | null): Promise<LogState> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const lineage = told ?? (await readLineage(replica, run))
    const [row] = await run('logState', [])
    if (row === undefined) await run('beginLog', [systemRuntime.random.hex(32)])
    else if (row[4] === 't') await run('resetLog', [systemRuntime.random.hex(32)])
    else {
      const [epoch, table, missingUntil, snapshot] = row
      const log = logName([lineage.text, table ?? '', epoch ?? ''])
      return { log, snapshot: snapshot ?? '', missingUntil: BigInt(missingUntil ?? 0) }
    }
  }
  throw new ReplicaError('REJECTED', 'the row that tells of the log of changes does not stay', { replica })
}

async function readPage(replica: string, run: RunStatement, values: readonly unknown[]): Promise<Page> {
  const rows = await run('changes', [...values, stepRowsMax, stepKeysMax])
  const held = rows.flatMap(([, hash, storedKey]) =>
    typeof hash === 'string' && typeof storedKey === 'string' ? [{ hash, storedKey }] : [],
  )
  const keys = await readKeys(replica, run, held)
  return { keys: [...keys.values()], last: rows[0]?.[0] ?? null }
}
