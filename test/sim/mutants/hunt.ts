import { fork } from 'node:child_process'
import { join } from 'node:path'
import { drawPlan } from '../draw-plan.ts'
import type { HuntedRun, HuntOrder } from './hunt-process.ts'
import type { Mutant } from './mutant.ts'
import { copySources } from './sources.ts'

/** A run that takes longer never ends. */
const runTimeoutMs = 120_000

export interface HuntLimits {
  readonly from: number
  readonly seeds: number
  readonly deadlineMs: number
}

/** What became of a mutant. */
export interface Hunt {
  readonly mutant: Mutant
  /** The run that gave it away; null when it survived. */
  readonly caught: HuntedRun | null
  readonly seeds: number
  readonly tookMs: number
}

/** Runs seeds with the bug planted until a checker that has to find it does. */
export async function hunt(mutant: Mutant, { from, seeds, deadlineMs }: HuntLimits): Promise<Hunt> {
  const beganAtMs = Date.now()
  let done = 0
  let caught: HuntedRun | null = null
  await runSeedsOf(mutant, seedsFor(mutant, from, seeds), (run) => {
    done += 1
    if (run.rules.some((rule) => mutant.caughtBy.includes(rule))) caught = run
    return caught !== null || Date.now() - beganAtMs >= deadlineMs
  })
  return { mutant, caught, seeds: done, tookMs: Date.now() - beganAtMs }
}

/** The first seeds whose runs are worth playing. */
function seedsFor({ suits }: Mutant, from: number, count: number): number[] {
  const seeds: number[] = []
  for (let seed = from; seeds.length < count; seed += 1) {
    if (suits === undefined || suits(drawPlan(seed))) seeds.push(seed)
  }
  return seeds
}

/** Runs the same seeds without any bug. @returns those that fail, which therefore give nobody away */
export async function failuresWithoutMutant(seeds: readonly number[]): Promise<HuntedRun[]> {
  const failures: HuntedRun[] = []
  await runSeedsOf(null, seeds, (run) => {
    if (run.rules.length > 0) failures.push(run)
    return false
  })
  return failures
}

/**
 * Runs seeds in a process of their own.
 * @param onRun returns whether that was enough
 */
async function runSeedsOf(
  mutant: Mutant | null,
  seeds: readonly number[],
  onRun: (run: HuntedRun) => boolean,
): Promise<void> {
  if (seeds.length === 0) return
  const sources = copySources(mutant)
  const child = fork(join(sources.folder, 'test/sim/mutants/hunt-process.ts'), { execArgv: [] })
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string) => reject(new Error(`${mutant?.name ?? 'the code without a mutant'}: ${reason}`))
      let timer = setTimeout(fail, runTimeoutMs, 'a run never ended')
      let left = seeds.length
      child.on('message', (run: HuntedRun) => {
        left -= 1
        clearTimeout(timer)
        if (onRun(run) || left === 0) resolve()
        else timer = setTimeout(fail, runTimeoutMs, `the run after seed ${run.seed} never ended`)
      })
      child.once('exit', (code) => {
        clearTimeout(timer)
        fail(`its process ended with ${code}`)
      })
      const order: HuntOrder = { seeds }
      child.send(order)
    })
  } finally {
    child.removeAllListeners()
    child.kill('SIGKILL')
    sources.remove()
  }
}
