import { addSum, emptyDigest } from '../../src/core/digest.ts'
import { type HashRange, hashSpace } from '../../src/core/hash.ts'
import type { DigestOptions, DigestStep } from '../../src/replica.ts'
import { abortable } from './abortable.ts'
import type { PostgresDatabase } from './postgres-database.ts'
import { sqlStateOf } from './postgres-errors.ts'
import type { Row } from './postgres-rows.ts'
import { retirementValues } from './retirement-values.ts'
import type { RunStatement } from './run-statement.ts'
import type { ToldLineage } from './told-lineage.ts'

/** So many records take a server some 8 ms. */
const stepRecordsAimed = 15_000
/** How much of the hashes the first step takes, before anything is known about how many records there are. */
const firstStepShare = 1 / 4096
/** How much more hashes the next step takes at most. */
const growthMax = 8

/** An error in the data of a statement: a text that is no number, say. */
const dataError = /^22/

/** In steps of about as many records, each a call of its own. */
export async function* digestSteps(
  database: PostgresDatabase,
  told: ToldLineage | null,
  range: HashRange,
  { stepTimeoutMs, retirement, signal }: DigestOptions,
): AsyncGenerator<DigestStep> {
  const retired = retirementValues(retirement)
  const end = Math.min(range.to, hashSpace)
  let width = hashSpace * firstStepShare
  // Below 0 lie the replica's own rows.
  for (let from = Math.max(0, range.from); from < end; ) {
    signal?.throwIfAborted()
    const to = Math.min(end, from + Math.ceil(width))
    const summing = database.call(stepTimeoutMs, (run) => sumsOf(run, [from, to, ...retired]), told)
    const step = stepOf(await abortable(summing, signal))
    yield step
    width *= Math.min(growthMax, stepRecordsAimed / Math.max(1, step.records))
    from = to
  }
  signal?.throwIfAborted()
}

/** Looks closely at every record only where one of them cannot be read. */
function sumsOf(run: RunStatement, values: readonly unknown[]): Promise<readonly Row[]> {
  return run('digest', values).catch((error: unknown) => {
    if (!dataError.test(sqlStateOf(error) ?? '')) throw error
    return run('digestOfUnreadable', values)
  })
}

/** One row: buckets, their sums, how many records, how many retired; nulls for none. */
function stepOf([row]: readonly Row[]): DigestStep {
  const records = Number(row?.[2] ?? 0)
  const buckets = numbersOf(row?.[0])
  const retired = Number(row?.[3] ?? 0)
  if (buckets.length === 0) return { records, sums: null, retired }
  const sums = emptyDigest()
  for (const [index, sum] of numbersOf(row?.[1]).entries()) addSum(sums, buckets[index] ?? 0, sum)
  return { records, sums, retired }
}

/** Of an array in PostgreSQL's text form. */
function numbersOf(text: string | null | undefined): number[] {
  return text === null || text === undefined ? [] : text.slice(1, -1).split(',').map(Number)
}
