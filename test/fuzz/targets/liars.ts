import fc from 'fast-check'
import type { QuorumOptions } from '../../../src/config.ts'
import { endingLater } from '../documented-errors.ts'
import { type ClientStep, clientSteps, HonestClient } from '../liar/liar-operations.ts'
import { LiarScene } from '../liar/liar-scene.ts'
import { type Lie, plausibleLie, senselessLie } from '../liar/lies.ts'
import { assertNothingAdded } from '../prototypes.ts'
import type { FuzzTarget } from '../target.ts'

const options: fc.Arbitrary<QuorumOptions> = fc.record({
  lineage: fc.constantFrom('checked', 'assumed'),
  hintsMax: fc.constantFrom(0, 100),
  reads: fc.constantFrom('quorum', 'monotonic'),
  consistency: fc.constantFrom('quorum', 'linearizable'),
  sweepEveryMs: fc.constantFrom(0, 20_000),
})

/** One replica of three answers nonsense: every call succeeds, with the answers of the other two, and nothing else changes. */
async function standsUp(
  lies: readonly Lie[],
  given: QuorumOptions,
  isHasty: boolean,
  steps: readonly ClientStep[],
): Promise<void> {
  const scene = new LiarScene(lies, given, isHasty)
  await scene.begin()
  const client = new HonestClient(scene)
  for (const step of steps) await client.take(step)
  await scene.assertNeighbours()
  const foreign = scene.foreignKey(client.keyTexts)
  if (foreign !== null) throw new Error(`a key that nobody wrote: ${JSON.stringify(foreign)}`)
  if (scene.isClockPoisoned()) throw new Error('the clock followed a lie')
  assertFit(scene)
  await scene.close()
  assertNothingAdded()
}

export const senselessLiarTarget: FuzzTarget = {
  name: 'senseless-liar',
  casesPerRound: 60,
  open: () => ({
    property: fc.asyncProperty(
      fc.array(senselessLie, { minLength: 1, maxLength: 5 }),
      options,
      fc.boolean(),
      clientSteps,
      standsUp,
    ),
  }),
}

function assertFit(scene: LiarScene): void {
  const unfit = scene.unfitRecord()
  if (unfit !== null) throw new Error(`a record that no backend can hold: ${unfit}`)
}

/** Errors are allowed where the lie may be true; crashes, calls without an end and changes of other keys are not. */
async function survives(
  lies: readonly Lie[],
  given: QuorumOptions,
  isHasty: boolean,
  steps: readonly ClientStep[],
): Promise<void> {
  const scene = new LiarScene(lies, given, isHasty)
  await scene.begin()
  const client = new HonestClient(scene)
  for (const step of steps) await takeAnyAnswer(client, step)
  await scene.close()
  assertFit(scene)
  const hasAlarmed = scene.store.events.some(({ type }) => type === 'clock-skew' || type === 'corrupt')
  const hasFailed = scene.store.events.some(({ type }) => type === 'replica-failure')
  if (scene.isClockPoisoned() && !hasAlarmed && !hasFailed) throw new Error('a future version, and no alarm')
  assertNothingAdded()
}

async function takeAnyAnswer(client: HonestClient, step: ClientStep): Promise<void> {
  await endingLater(() => client.take(step)).catch((error: unknown) => {
    if (!String(error).includes('in place of')) throw error
  })
}

export const plausibleLiarTarget: FuzzTarget = {
  name: 'plausible-liar',
  casesPerRound: 60,
  open: () => ({
    property: fc.asyncProperty(
      fc.array(plausibleLie, { minLength: 1, maxLength: 5 }),
      options,
      fc.boolean(),
      clientSteps,
      survives,
    ),
  }),
}
