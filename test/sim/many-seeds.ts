import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { SimulationArguments } from './arguments.ts'
import { assumptions } from './assumptions.ts'
import { Coverage } from './coverage.ts'
import type { SeedFailure, SeedsResult } from './seeds.ts'

const rowLength = 50
const failuresShownMax = 5

interface Totals {
  readonly coverage: Coverage
  readonly failures: SeedFailure[]
  seeds: number
  operations: number
}

/** Runs seeds in several processes until there are enough of them or the time is up. @returns how many failed */
export async function runManySeeds(options: SimulationArguments): Promise<number> {
  const totals: Totals = { coverage: new Coverage(), failures: [], seeds: 0, operations: 0 }
  const beganAtMs = Date.now()
  const endsAtMs = beganAtMs + options.minutes * 60_000
  let next = options.from
  const nextRow = () => {
    const count = Math.min(rowLength, options.from + options.seeds - next)
    if (count <= 0 || Date.now() >= endsAtMs) return null
    next += count
    return { from: next - count, count }
  }
  let shownAtMs = beganAtMs
  const onResult = (result: SeedsResult) => {
    add(totals, result)
    if (Date.now() - shownAtMs < 10_000) return
    shownAtMs = Date.now()
    console.log(progressText(totals, shownAtMs - beganAtMs))
  }
  await Promise.all(Array.from({ length: Math.max(1, options.workers) }, () => runWorker(nextRow, onResult)))
  console.log(totals.coverage.toString())
  console.log(['', 'What every run keeps to:', ...assumptions.map((text) => `- ${text}`), ''].join('\n'))
  console.log(progressText(totals, Date.now() - beganAtMs))
  if (totals.failures.length > 0) {
    console.log(
      `failing seeds: ${totals.failures.map(({ seed, rules }) => `${seed} (${rules.join(', ')})`).join(', ')}`,
    )
  }
  return totals.failures.length
}

function add(totals: Totals, { seeds, operations, coverage, failures }: SeedsResult): void {
  totals.seeds += seeds
  totals.operations += operations
  totals.coverage.addAll(coverage)
  for (const failure of failures) {
    totals.failures.push(failure)
    const isShownWhole = totals.failures.length <= failuresShownMax
    console.log(isShownWhole ? `${failure.report}\n` : `seed ${failure.seed} fails: ${failure.rules.join(', ')}`)
  }
}

function progressText({ seeds, operations, failures }: Totals, tookMs: number): string {
  const rate = seeds / (tookMs / 1_000)
  return `${seeds} seeds, ${operations} operations, ${failures.length} failed, ${(tookMs / 1_000).toFixed(0)} s, ${rate.toFixed(1)} seeds/s`
}

async function runWorker(
  nextRow: () => { from: number; count: number } | null,
  onResult: (result: SeedsResult) => void,
): Promise<void> {
  const worker = fork(join(import.meta.dirname, 'worker.ts'))
  try {
    for (let row = nextRow(); row !== null; row = nextRow()) onResult(await askWorker(worker, row))
  } finally {
    worker.disconnect()
  }
}

function askWorker(worker: ChildProcess, row: { from: number; count: number }): Promise<SeedsResult> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the worker for ${row.from} ended with ${code}`))
    worker.once('exit', onExit)
    worker.once('message', (result) => {
      worker.off('exit', onExit)
      resolve(result as SeedsResult)
    })
    worker.send(row)
  })
}
