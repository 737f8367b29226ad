import { systemRuntime } from '../../src/runtime.ts'
import type { Cast } from './cast.ts'
import { Claims } from './claims.ts'
import type { Narrator } from './narrator.ts'
import { tellWhatIsHeld } from './parts/closing.ts'
import { tellOpening } from './parts/opening.ts'
import { tellReplicaDown } from './parts/part-1-replica-down.ts'
import { tellReadRepair } from './parts/part-2-read-repair.ts'
import { tellFiveReplicas } from './parts/part-3-five-replicas.ts'
import { tellQuorumLost } from './parts/part-4-quorum-lost.ts'
import { tellEverythingLost } from './parts/part-5-everything-lost.ts'
import { Scene } from './scene.ts'
import type { Stage } from './stage.ts'
import { VersionNumbers } from './version-numbers.ts'
import type { Witness } from './witness.ts'

/** A name that nobody else uses, so that a story over real servers meets no data but its own. */
export function newNamespace(): string {
  return `carts-${systemRuntime.random.hex(4)}`
}

export interface Told {
  readonly claimsChecked: number
}

/**
 * Tells the whole story.
 * @throws StoryError when something did not happen as it is told
 */
export async function tellStory(cast: Cast, witness: Witness, narrator: Narrator, namespace: string): Promise<Told> {
  const claims = new Claims()
  const { players } = cast
  const ownsReplicas = cast.folder !== null
  const stage: Stage = { narrator, claims, witness, numbers: new VersionNumbers(), players, ownsReplicas, namespace }

  await tellOpening(stage)
  await onScene(new Scene(stage, players.slice(0, 3), { w: 2, r: 2, hintsMax: 0 }), async (ofThree) => {
    claims.check(await ofThree.becomesWhole(), 'the three replicas are there')
    await tellReplicaDown(stage, ofThree)
    await tellReadRepair(stage, ofThree)
  })
  await onScene(new Scene(stage, players, { w: 3, r: 3 }), async (ofFive) => {
    const absent = players.filter(({ name }) => name === 'replica 2' || name === 'replica 5')
    await tellFiveReplicas(stage, ofFive, absent)
    await tellQuorumLost(stage, ofFive, absent)
    const last = players.at(-1)
    if (ownsReplicas && last?.loseEverything) await tellEverythingLost(stage, ofFive, last, last.loseEverything)
  })
  await tellWhatIsHeld(stage)
  return { claimsChecked: claims.checked }
}

/** However the scene ends, its store finishes the repairs under way. */
async function onScene(scene: Scene, tell: (scene: Scene) => Promise<void>): Promise<void> {
  try {
    await tell(scene)
  } finally {
    await scene.store.disconnect()
  }
}
