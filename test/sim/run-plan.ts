import type { History, Violation } from '../history/history.ts'
import { close, heal, overdue, settle } from './final-state.ts'
import { judge } from './judge.ts'
import type { Plan } from './plan.ts'
import { play } from './play.ts'
import { World } from './world.ts'

/** What became of a run. */
export interface Outcome {
  readonly plan: Plan
  readonly history: History
  readonly violations: readonly Violation[]
  readonly coverage: ReadonlyMap<string, number>
  readonly traceHash: string
  readonly trace: readonly string[]
}

/** Plays a plan from its beginning to the very end, and holds what happened against the rules. */
export async function runPlan(plan: Plan, options: { readonly keepsTrace?: boolean } = {}): Promise<Outcome> {
  const world = new World(plan, options.keepsTrace === true)
  const rejections: unknown[] = []
  const noteRejection = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', noteRejection)
  await play(world)
  await heal(world)
  const unsettled = await settle(world)
  const unclosed = await close(world)
  process.off('unhandledRejection', noteRejection)
  const { history } = world.recorder
  const unhandled = rejections.map((reason): Violation => {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)
    return { rule: 'bounded', key: '', operations: [], explanation: `nobody handled a rejection: ${text}` }
  })
  const violations = [...judge(world, history), ...unsettled, ...overdue(world), ...unclosed, ...unhandled]
  world.coverage.add('messages and timers', world.time.count)
  if (world.hasLostTooMuch) world.coverage.add('run: more lost than allowed')
  world.coverage.add(`theme: ${plan.theme}`)
  world.coverage.add(`run: ${plan.settings.isRacy ? 'racy, ' : ''}${plan.settings.mode}, n = ${plan.settings.replicas}`)
  const { hash, lines } = world.trace
  return { plan, history, violations, coverage: world.coverage.counts, traceHash: hash, trace: lines }
}
