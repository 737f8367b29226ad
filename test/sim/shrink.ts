import type { Plan, Step } from './plan.ts'
import { type Outcome, runPlan } from './run-plan.ts'

const runsMax = 400

/** Makes a failing run smaller: leaves out whatever it fails without, in ever smaller pieces. */
export async function shrink(failing: Outcome): Promise<Outcome> {
  const rules = new Set(failing.violations.map(({ rule }) => rule))
  let smallest = failing
  let runs = 0
  const isFailingWith = async (plan: Plan) => {
    if (runs >= runsMax) return false
    runs += 1
    const outcome = await runPlan(plan)
    const isFailing = outcome.violations.some(({ rule }) => rules.has(rule))
    if (isFailing) smallest = outcome
    return isFailing
  }
  for (const plan of calmerPlans(failing.plan)) if (await isFailingWith(plan)) break
  await withFewerSteps(smallest.plan, isFailingWith)
  return runPlan(smallest.plan, { keepsTrace: true })
}

/** Ends sooner, where the long time after the last step does not matter. */
function calmerPlans(plan: Plan): Plan[] {
  const lastMs = plan.steps.at(-1)?.atMs ?? 0
  return [{ ...plan, endsAtMs: lastMs + 2_000 }]
}

async function withFewerSteps(plan: Plan, isFailingWith: (plan: Plan) => Promise<boolean>): Promise<void> {
  let steps: readonly Step[] = plan.steps
  let size = Math.ceil(steps.length / 2)
  while (size >= 1) {
    let hasShrunk = false
    for (let start = 0; start < steps.length; ) {
      const fewer = [...steps.slice(0, start), ...steps.slice(start + size)]
      if (await isFailingWith({ ...plan, steps: fewer })) {
        steps = fewer
        hasShrunk = true
      } else start += size
    }
    if (size === 1 && !hasShrunk) return
    size = size === 1 ? 1 : Math.ceil(size / 2)
  }
}
