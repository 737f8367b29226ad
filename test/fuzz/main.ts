import { parseArgs } from 'node:util'
import { runTargets, type TargetRun } from './run-targets.ts'
import { fuzzTargets } from './targets.ts'

/**
 * `npm run fuzz -- [--cases 1000000] [--minutes M] [--seed S] [--target NAME]`: runs until there were so many cases, or for
 * so long, and prints what it ran, and for each failure the smallest input and how to run it again.
 */
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
  },
})

const seed = Number(values.seed)
const targets = fuzzTargets.filter(({ name }) => values.target === undefined || name === values.target)
if (targets.length === 0) throw new Error(`the targets are ${fuzzTargets.map(({ name }) => name).join(', ')}`)

let running = ''
process.on('unhandledRejection', (error) => {
  console.error('a rejection that nobody handles:', error, `\nwhile running ${running}`)
  process.exit(1)
})

const beganAtMs = performance.now()
const endsAtMs = values.minutes === undefined ? null : beganAtMs + Number(values.minutes) * 60_000

const runs = await runTargets({
  targets,
  seed,
  isOver: ({ cases }) => (endsAtMs === null ? cases >= Number(values.cases) : performance.now() >= endsAtMs),
  onRound: (command) => {
    running = command
  },
})
for (const run of runs) console.log(lineOf(run))
const cases = runs.reduce((sum, run) => sum + run.cases, 0)
console.log(`${cases.toLocaleString('en-US')} cases from seed ${seed} in ${seconds(performance.now() - beganAtMs)} s`)
const failures = runs.flatMap(({ failure }) => (failure === null ? [] : [failure]))
for (const failure of failures) console.error(`\n${failure}`)
process.exitCode = failures.length === 0 ? 0 : 1

function lineOf({ target, cases, tookMs, failure }: TargetRun): string {
  const figures = `${cases.toLocaleString('en-US').padStart(12)} cases ${seconds(tookMs).padStart(8)} s`
  return `${target.padEnd(24)}${figures}  ${failure === null ? 'nothing found' : 'FAILED'}`
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}
