import { parseArgs } from 'node:util'
import { failuresWithoutMutant, type Hunt, hunt } from './hunt.ts'
import type { Mutant } from './mutant.ts'
import { mutants } from './mutants.ts'

/**
 * Plants one bug after the other, and tells which checker found it: `npm run sim:mutants [-- --only NAME] [--seeds N]`.
 * With `--elusive`, those that were not found yet, or never can be, in place of the others.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    elusive: { type: 'boolean', default: false },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '10' },
  },
})
const limits = { from: Number(values.from), seeds: Number(values.seeds), deadlineMs: Number(values.minutes) * 60_000 }
const chosen = mutants.filter(({ name, found }) => {
  if (values.only !== undefined) return values.only.some((part) => name.includes(part))
  return (found === 'not yet' || found === 'never') === values.elusive
})
const hunts: Hunt[] = []
let failed = 0

console.log(rowText('mutant', 'breaks', 'found by', 'runs', 'seconds'))
for (const mutant of chosen) await show(mutant)
await compareWithoutMutants()
console.log(`${hunts.filter(({ caught }) => caught !== null).length} of ${chosen.length} mutants were found`)
process.exitCode = failed === 0 && chosen.length > 0 ? 0 : 1

async function show(mutant: Mutant): Promise<void> {
  try {
    const result = await hunt(mutant, limits)
    hunts.push(result)
    const { caught, seeds, tookMs } = result
    if (caught === null) failed += 1
    const finders = caught === null ? 'nobody: it survived' : `${caught.rules.join(', ')} (seed ${caught.seed})`
    console.log(rowText(mutant.name, mutant.breaks, finders, String(seeds), (tookMs / 1_000).toFixed(1)))
  } catch (error) {
    failed += 1
    console.log(error instanceof Error ? error.message : String(error))
  }
}

/** A run that fails without a bug too gives nobody away. */
async function compareWithoutMutants(): Promise<void> {
  const seeds = new Set(hunts.flatMap(({ caught }) => (caught === null ? [] : [caught.seed])))
  const failures = await failuresWithoutMutant([...seeds])
  for (const { seed, rules } of failures) console.log(`seed ${seed} fails without a mutant: ${rules.join(', ')}`)
  failed += failures.length
}

function rowText(name: string, breaks: string, finders: string, runs: string, seconds: string): string {
  return `${name.padEnd(58)} ${breaks.padEnd(7)} ${finders.padEnd(52)} ${runs.padStart(5)} ${seconds.padStart(8)}`
}
