import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { caseGroups } from './cases.ts'
import type { CaseResult } from './compare.ts'

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    duration: { type: 'string', default: '1000' },
    sustained: { type: 'string', default: '8000' },
    only: { type: 'string', multiple: true, default: Object.keys(caseGroups) },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(`npm run bench [-- --check] [--rounds 5] [--duration 1000] [--sustained 8000] [--only dead]

Starts its own Redis servers, runs keyv-quorum and plain Keyv in turn, and prints the ratios with their spread.
  --check      exit with 1 when a goal is missed
  --rounds     how often both sides run a case
  --duration   how long one run takes, in ms
  --sustained  the same for the throughput goals at concurrency 64, in ms
  --only       a group of cases, repeatable: ${Object.keys(caseGroups).join(', ')}. Default: all of them
The results of a whole run are written to bench/results/latest.json.`)
  process.exit(0)
}

const plan = {
  rounds: Number(values.rounds),
  durationMs: Number(values.duration),
  sustainedMs: Number(values.sustained),
}
const results: CaseResult[] = []
for (const group of values.only) {
  const runGroup = caseGroups[group]
  if (runGroup === undefined) throw new Error(`--only takes ${Object.keys(caseGroups).join(', ')}, not ${group}`)
  for await (const result of runGroup(plan)) {
    results.push(result)
    print(result)
  }
}
const folder = new URL('./results/', import.meta.url)
if (values.only.length === Object.keys(caseGroups).length) {
  await mkdir(folder, { recursive: true })
  const machine = { node: process.version, processors: cpus().length, model: cpus()[0]?.model ?? 'unknown' }
  await writeFile(new URL('latest.json', folder), `${JSON.stringify({ machine, cases: results }, null, 2)}\n`)
}

const missed = results.filter((result) => !result.met)
console.log(missed.length === 0 ? '\nall goals met' : `\nmissed: ${missed.map(({ name }) => name).join('; ')}`)
process.exit(values.check && missed.length > 0 ? 1 : 0)

function print({ name, goal, met, ratio, addedP50Microseconds, subject, baseline }: CaseResult): void {
  console.log(`\n${met ? 'ok    ' : 'MISSED'} ${name}   (goal: ${goal})`)
  console.log(
    `       throughput ratio ${ratio.median} (${ratio.min} to ${ratio.max}), added p50 ${addedP50Microseconds} µs`,
  )
  for (const [side, sample] of [
    ['quorum', subject],
    ['other ', baseline],
  ] as const) {
    console.log(
      `       ${side}  ${sample.operationsPerSecond} op/s, p50 ${sample.p50Microseconds} µs, ` +
        `p99 ${sample.p99Microseconds} µs, client CPU ${sample.cpuMicrosecondsPerOperation} µs/op`,
    )
  }
}
