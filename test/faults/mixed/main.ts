// Mixed faults for as long as one likes: npm run test:faults -- --minutes 20 [--seed N] [--mode quorum] [--cast mixed]
import { parseArgs } from 'node:util'
import { castNames } from './cast.ts'
import { type MixedFaultsReport, runMixedFaults } from './run-mixed-faults.ts'
import { modes } from './verdict.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string' },
    mode: { type: 'string' },
    cast: { type: 'string' },
    clients: { type: 'string', default: '4' },
  },
})

const seed = Number(values.seed ?? Date.now() % 1_000_000)
const plays = chosen(modes, values.mode).flatMap((mode) =>
  chosen(castNames, values.cast).map((cast) => ({ mode, cast })),
)
const durationMs = (Number(values.minutes) * 60_000) / plays.length
const clientsCount = Number(values.clients)
console.log(
  `seed ${seed}: ${plays.length} runs of ${(durationMs / 60_000).toFixed(1)} minutes with ${clientsCount} clients`,
)

for (const [index, { mode, cast }] of plays.entries()) {
  console.log(`--- ${mode}, ${cast} cast`)
  const say = (line: string) => console.log(line)
  const report = await runMixedFaults({ mode, cast, seed: seed + index, durationMs, clientsCount, say })
  tell(report)
}
// In so many words, because the end of the event loop has been seen to wait for ever for a handle that never closes.
process.exit()

/** The one that was asked for, or all. */
function chosen<Name extends string>(names: readonly Name[], wanted: string | undefined): readonly Name[] {
  if (wanted === undefined) return names
  const found = names.filter((name) => name === wanted)
  if (found.length === 0) throw new RangeError(`${wanted} is none of ${names.join(', ')}`)
  return found
}

function tell({ findings, counts, folder }: MixedFaultsReport): void {
  for (const [what, count] of [...counts].sort()) console.log(`${String(count).padStart(9)}  ${what}`)
  if (findings.length === 0) {
    console.log('no violation')
    return
  }
  for (const { rule, explanation } of findings) console.log(`${rule}: ${explanation}`)
  console.log(`${findings.length} violations; what the clients did is in ${folder}`)
  process.exitCode = 1
}
