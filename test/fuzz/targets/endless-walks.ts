import fc from 'fast-check'
import { endOf } from '../../support/end-of.ts'
import { endingLater } from '../documented-errors.ts'
import type { Endless } from '../endless/endless-replica.ts'
import { deadlineMs, EndlessScene, keysHeld, type Work } from '../endless/endless-scene.ts'
import { assertNothingAdded } from '../prototypes.ts'
import type { FuzzTarget } from '../target.ts'

const endless: fc.Arbitrary<Endless> = fc.record({
  walk: fc.constantFrom('scan', 'scan', 'digest', 'changes', 'position'),
  gives: fc.constantFrom('nothing', 'the same', 'ever new', 'no step'),
  stepMs: fc.constantFrom(20, 100, 700),
  isPolite: fc.boolean(),
})

/** How what never ends by itself comes to its end. */
type Ending = 'it ends' | 'it fails' | 'abort' | 'close'

interface Drawn {
  readonly endless: Endless
  readonly work: Work
  readonly ending: Ending
  readonly place: number
  readonly lacks: ('digest' | 'changes' | 'retired')[]
  readonly lineage: 'checked' | 'assumed'
  readonly rounds: number
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  endless,
  work: fc.constantFrom('clear', 'iterate', 'sweep', 'sweep changes', 'preview'),
  ending: fc.constantFrom('it ends', 'it fails', 'abort', 'close'),
  place: fc.nat({ max: 2 }),
  lacks: fc.subarray(['digest', 'changes', 'retired']),
  lineage: fc.constantFrom('checked', 'assumed'),
  rounds: fc.integer({ min: 1, max: 4 }),
})

const roundMs = 6_000
/** How long anything may take that is no walk, and what is left of one that was told to end. */
const patienceMs = 4 * deadlineMs
const reason = new Error('enough')

async function survives(given: Drawn): Promise<void> {
  const scene = new EndlessScene(given.place, given.lacks, given.lineage)
  await scene.begin()
  const abort = new AbortController()
  scene.endless.be(given.endless)
  const working = scene.work(given.work, abort.signal)
  const end = endOf(working)
  for (let round = 0; round < given.rounds; round += 1) {
    await scene.time.advance(roundMs)
    await scene.assertServing(round)
  }
  // A step that does not come has a time, and the others are enough.
  if (given.endless.gives === 'no step') await scene.within(patienceMs, working)
  const isSweep = given.work !== 'clear' && given.work !== 'iterate'
  if (given.ending === 'close') await endsByClosing(scene, given, working)
  else if (given.ending === 'abort' && isSweep && end.state === 'open')
    await endsByAborting(scene, given, abort, working)
  else await endsByItself(scene, given, working)
  assertNothingAdded()
}

/** When the walk ends at last, well or not, so does what went on, as if nothing had been. */
async function endsByItself(scene: EndlessScene, given: Drawn, working: Promise<unknown>): Promise<void> {
  const { ending, work } = given
  scene.endless.fate = ending === 'it fails' ? 'fail' : 'end'
  const came = await scene.within(patienceMs, working)
  if (work === 'iterate') expectSame(came, keysHeld)
  await endsWell(scene, given, work === 'clear' ? [] : keysHeld)
}

async function endsByAborting(
  scene: EndlessScene,
  given: Drawn,
  abort: AbortController,
  working: Promise<unknown>,
): Promise<void> {
  abort.abort(reason)
  const came = await scene.within(
    patienceMs,
    working.catch((error: unknown) => error),
  )
  if (came !== reason) throw new Error(`it came to ${String(came)}`)
  await endsWell(scene, given, keysHeld)
}

/** A store is closed in time whatever goes on in it; what goes on ends with the replica, where that keeps its word. */
async function endsByClosing(scene: EndlessScene, given: Drawn, working: Promise<unknown>): Promise<void> {
  await scene.within(patienceMs, scene.store.engine.close())
  if (!given.endless.isPolite) scene.endless.fate = 'end'
  await endingLater(() => scene.within(patienceMs, working))
  await assertQuiet(scene, given.endless)
}

/** The replica is like any other again: everything is as it should be, and nothing was left behind. */
async function endsWell(scene: EndlessScene, given: Drawn, mine: readonly string[]): Promise<void> {
  scene.endless.be(null)
  scene.endless.fate = 'go on'
  await scene.assertMine(mine)
  await scene.assertOthers()
  const report = await scene.within(patienceMs, scene.store.engine.sweep())
  if (!report.isComplete) throw new Error('the sweep after it is not complete')
  await scene.within(patienceMs, scene.store.engine.close())
  await assertQuiet(scene, given.endless)
}

/** Nothing is left behind but what hangs. */
async function assertQuiet({ time, endless: { walksOpen } }: EndlessScene, { gives }: Endless): Promise<void> {
  await time.advance(patienceMs)
  if (time.timersPending > 0) throw new Error(`${time.timersPending} timers were left behind`)
  if (gives !== 'no step' && walksOpen > 0) throw new Error(`${walksOpen} walks were left open`)
}

function expectSame(came: unknown, expected: readonly string[]): void {
  if (JSON.stringify(came) !== JSON.stringify(expected)) throw new Error(`it came to ${JSON.stringify(came)}`)
}

/**
 * One replica of three never comes to the end of a walk, though each step of it comes in time. Meanwhile everybody else is
 * served, a sweep can be aborted, the store can be closed, and when the walk ends all is as if it had ended at once.
 */
export const endlessWalkTarget: FuzzTarget = {
  name: 'endless-walks',
  casesPerRound: 40,
  open: () => ({ property: fc.asyncProperty(drawn, survives) }),
}
