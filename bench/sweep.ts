import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import type { Sample } from './load.ts'
import { foregroundBeside, fullSweeps, incrementalSweep, longestCommand, writeOverhead } from './sweep/cases.ts'
import { Deployment } from './sweep/deployment.ts'
import { type Figures, Meter } from './sweep/meter.ts'
import type { SweepCaseResult } from './sweep/result.ts'

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    keys: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    duration: { type: 'string', default: '5000' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(`npm run bench:sweep [-- --check] [--keys 1000000] [--rounds 3] [--duration 5000]

Starts its own Redis and PostgreSQL servers, fills them and a SQLite file with the same keys, sweeps them, and prints what
that costs, beside the plain way: every replica lists everything.
  --check     exit with 1 when a goal is missed
  --keys      how many keys of 100 B there are, 10000 or more
  --rounds    how often each case is run
  --duration  how long one run of a load takes, in ms
The results are written to bench/results/sweep.json. It reads /proc, so it needs Linux.`)
  process.exit(0)
}

const plan = { rounds: Number(values.rounds), durationMs: Number(values.duration) }
const keys = Number(values.keys)
const results: SweepCaseResult[] = []
for await (const result of allCases()) {
  results.push(result)
  print(result)
}
const folder = new URL('./results/', import.meta.url)
await mkdir(folder, { recursive: true })
const machine = { node: process.version, processors: cpus().length, model: cpus()[0]?.model ?? 'unknown' }
const written = { machine, keys, rounds: plan.rounds, cases: results }
await writeFile(new URL('sweep.json', folder), `${JSON.stringify(written, null, 2)}\n`)

const missed = results.filter((result) => !result.met)
console.log(missed.length === 0 ? '\nall goals met' : `\nmissed: ${missed.map(({ name }) => name).join('; ')}`)
process.exit(values.check && missed.length > 0 ? 1 : 0)

async function* allCases(): AsyncGenerator<SweepCaseResult> {
  const deployment = await Deployment.start(keys)
  const beganAtMs = performance.now()
  await deployment.fill()
  console.log(`${keys} keys on 3 replicas after ${((performance.now() - beganAtMs) / 1_000).toFixed(1)} s`)
  const meter = await Meter.open(deployment)
  yield* fullSweeps(deployment, meter, plan)
  yield await longestCommand(deployment, meter, plan)
  yield await incrementalSweep(deployment, meter, plan)
  yield await foregroundBeside(deployment, plan)
  meter.close()
  await deployment.close()
  yield await writeOverhead(plan)
}

function print({ name, goal, met, ratio, figures }: SweepCaseResult): void {
  console.log(`\n${met ? 'ok    ' : 'MISSED'} ${name}   (goal: ${goal})`)
  console.log(`       ${ratio.median} (${ratio.min} to ${ratio.max})`)
  const width = Math.max(...Object.keys(figures).map((side) => side.length))
  for (const [side, each] of Object.entries(figures)) {
    console.log(`       ${side.padEnd(width)}  ${'seconds' in each ? costText(each) : loadText(each)}`)
  }
}

function costText(figures: Figures): string {
  const { seconds, redisCpuMs, postgresCpuMs, sqliteCpuMs, clientCpuMs } = figures
  const { redisBytes, postgresBytes, longestRedisCommandMs } = figures
  const cpu = [redisCpuMs, postgresCpuMs, sqliteCpuMs, clientCpuMs].map(Math.round).join(' / ')
  return (
    `${seconds.toFixed(2)} s, CPU Redis / PostgreSQL / SQLite / client ${cpu} ms, ` +
    `bytes Redis / PostgreSQL ${redisBytes} / ${postgresBytes}, longest Redis command ${longestRedisCommandMs} ms`
  )
}

function loadText({ operationsPerSecond, p50Microseconds, p99Microseconds }: Sample): string {
  return `${operationsPerSecond} op/s, p50 ${p50Microseconds} µs, p99 ${p99Microseconds} µs`
}
