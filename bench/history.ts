import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import type { History, Violation } from '../test/history/history.ts'
import { checkLinearizability } from '../test/history/linearizability.ts'
import { checkMonotonicReads } from '../test/history/monotonic.ts'
import { checkLostWrites, checkRegular } from '../test/history/regular.ts'
import { checkResurrection } from '../test/history/resurrection.ts'
import { linearizableHistory } from './history/linearizable-history.ts'

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    operations: { type: 'string', default: '10000' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(`npm run bench:history [-- --check] [--operations 10000]

Makes histories and prints how long each checker takes for them; none of them breaks a rule.
  --check       exit with 1 when a checker takes 2 s or more, or finds something
  --operations  how many operations a history has`)
  process.exit(0)
}

const goalMs = 2_000
const operations = Number(values.operations)
const histories = [
  { name: '100 keys, 8 clients', keys: 100, clients: 8, unknownShare: 0 },
  { name: '100 keys, 8 clients on each', keys: 100, clients: 800, unknownShare: 0 },
  { name: '100 keys, 8 clients on each, 5 % of writes unknown', keys: 100, clients: 800, unknownShare: 0.05 },
  { name: '10 keys, 8 clients, 5 % of writes unknown', keys: 10, clients: 8, unknownShare: 0.05 },
]
const checkers = [
  ['linearizability', checkLinearizability],
  ['regular', checkRegular],
  ['lost writes', (history: History) => checkLostWrites(history, Number.POSITIVE_INFINITY)],
  ['monotonic', checkMonotonicReads],
  ['resurrection', checkResurrection],
] as const

console.log(`${operations} operations, Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}`)
const missed = histories.flatMap(({ name, ...shape }) => {
  const history = linearizableHistory({ ...shape, operations })
  console.log(`\n${name}`)
  return checkers.flatMap(([rule, check]) => timed(rule, () => check(history)) ?? [])
})
console.log(missed.length === 0 ? `\nall below ${goalMs} ms` : `\nmissed: ${missed.join(', ')}`)
process.exit(values.check && missed.length > 0 ? 1 : 0)

/** @returns what was missed, if anything */
function timed(rule: string, check: () => Violation[]): string | null {
  const beganAt = performance.now()
  const violations = check()
  const tookMs = performance.now() - beganAt
  console.log(`  ${rule.padEnd(16)} ${tookMs.toFixed(0).padStart(6)} ms`)
  if (violations.length > 0) return `${rule} found what is not there: ${violations[0]?.explanation}`
  return tookMs < goalMs ? null : rule
}
