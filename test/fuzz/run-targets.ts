import fc from 'fast-check'
import { assertUntouched } from './prototypes.ts'
import type { FuzzTarget, OpenTarget } from './target.ts'

export interface FuzzPlan {
  readonly targets: readonly FuzzTarget[]
  /** All chance comes from it: the same seed makes the same cases. */
  readonly seed: number
  /** How many rounds are run: each gives every target its share of cases. */
  readonly isOver: (progress: { readonly rounds: number; readonly cases: number }) => boolean
  /** Told what is about to run, for what fails outside of any case. */
  readonly onRound?: (command: string) => void
}

export interface TargetRun {
  readonly target: string
  readonly cases: number
  readonly tookMs: number
  /** The smallest input that fails, and how to run it again; null when none did. */
  readonly failure: string | null
}

/** Runs round after round of all targets, each until its first failure. */
export async function runTargets({ targets, seed, isOver, onRound }: FuzzPlan): Promise<readonly TargetRun[]> {
  const running = await Promise.all(targets.map((target) => Running.open(target)))
  try {
    let cases = 0
    for (let rounds = 0; !isOver({ rounds, cases }); rounds += 1) {
      for (const each of running) {
        onRound?.(commandFor(each.target, seed + rounds))
        cases += await each.round(seed + rounds)
      }
      if (running.every(({ failure }) => failure !== null)) break
    }
  } finally {
    for (const each of running) await each.close()
  }
  return running.map(({ target, cases, tookMs, failure }) => ({ target: target.name, cases, tookMs, failure }))
}

function commandFor({ name, casesPerRound }: FuzzTarget, seed: number): string {
  return `npm run fuzz -- --target ${name} --seed ${seed} --cases ${casesPerRound}`
}

function told(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

class Running {
  readonly target: FuzzTarget
  readonly #open: OpenTarget
  cases = 0
  tookMs = 0
  failure: string | null = null

  static async open(target: FuzzTarget): Promise<Running> {
    return new Running(target, await target.open())
  }

  private constructor(target: FuzzTarget, open: OpenTarget) {
    this.target = target
    this.#open = open
  }

  /** @returns how many cases were run */
  async round(seed: number): Promise<number> {
    if (this.failure !== null) return 0
    const beganAtMs = performance.now()
    const details = await fc.check(this.#open.property, { seed, numRuns: this.target.casesPerRound })
    this.tookMs += performance.now() - beganAtMs
    this.cases += details.numRuns
    if (details.failed)
      this.failure = `${commandFor(this.target, seed)}\n${fc.defaultReportMessage(details)}\n${told(details.errorInstance)}`
    else this.#assertUntouched(seed)
    return details.numRuns
  }

  close(): Promise<void> | void {
    return this.#open.close?.()
  }

  #assertUntouched(seed: number): void {
    try {
      assertUntouched()
    } catch (error) {
      this.failure = `${commandFor(this.target, seed)}\n${String(error)}`
    }
  }
}
