import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Coverage } from './coverage.ts'
import { drawPlan } from './draw-plan.ts'
import type { Plan } from './plan.ts'
import { runPlan } from './run-plan.ts'

test.each([7, 210, 602])('seed %i goes the same way twice', async (seed) => {
  const [first, second] = [await runPlan(drawPlan(seed)), await runPlan(drawPlan(seed))]
  expect(second.traceHash).toBe(first.traceHash)
  expect(second.history).toEqual(first.history)
  expect((await runPlan(drawPlan(seed + 1))).traceHash).not.toBe(first.traceHash)
})

const folder = join(import.meta.dirname, 'regressions')

test.each(readdirSync(folder))('what was wrong once is right now: %s', async (file) => {
  const plan: Plan = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  expect((await runPlan(plan)).violations).toEqual([])
})

test('the mix is not empty', { timeout: 300_000 }, async () => {
  const coverage = new Coverage()
  for (let seed = 5_001; seed <= 5_100; seed += 1) coverage.addAll((await runPlan(drawPlan(seed))).coverage)
  const reached = [...coverage.counts.keys()]
  const wanted = ['fault clock', 'fault restart', 'fault server crash', 'fault lose everything', 'fault damage head']
  const events = [
    'repair',
    'superseded',
    'handoff',
    'replica-joining',
    'replica-full',
    'quorum-lost',
    'corrupt',
    'dropped',
  ]
  expect(reached).toEqual(expect.arrayContaining([...wanted, ...events.map((event) => `event ${event}`)]))
  expect(reached).toEqual(expect.arrayContaining(['set ok', 'set unknown', 'set failed', 'get failed', 'clear ok']))
})
