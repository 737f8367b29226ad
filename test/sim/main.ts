import { readFileSync, writeFileSync } from 'node:fs'
import { type SimulationArguments, simulationArguments } from './arguments.ts'
import { drawPlan } from './draw-plan.ts'
import { failureReport } from './failure-report.ts'
import { runManySeeds } from './many-seeds.ts'
import type { Plan } from './plan.ts'
import { runPlan } from './run-plan.ts'
import { shrink } from './shrink.ts'

/** The simulator from the command line: many seeds, or one to be looked at. */
const options = simulationArguments(process.argv.slice(2))
const failures = options.seed === null && options.plan === null ? await runManySeeds(options) : await runOne(options)
process.exitCode = failures === 0 ? 0 : 1

async function runOne({ seed, plan, save, isVerbose }: SimulationArguments): Promise<number> {
  const chosen: Plan = plan === null ? drawPlan(seed ?? 0) : JSON.parse(readFileSync(plan, 'utf8'))
  const outcome = await runPlan(chosen, { keepsTrace: true })
  const isFailing = outcome.violations.length > 0
  const smallest = isFailing ? await shrink(outcome) : outcome
  if (isVerbose) for (const line of smallest.trace) console.log(line)
  console.log(isFailing ? failureReport(smallest) : `seed ${chosen.seed}: nothing is wrong, trace ${outcome.traceHash}`)
  if (save !== null) writeFileSync(save, `${JSON.stringify(smallest.plan)}\n`)
  return outcome.violations.length
}
