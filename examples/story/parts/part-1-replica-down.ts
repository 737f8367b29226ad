import { drawBoxes } from '../drawing.ts'
import { atStart, namesOf } from '../players.ts'
import type { Scene, WriteReport } from '../scene.ts'
import type { Stage } from '../stage.ts'
import { writeHeader, writeLine } from '../write-lines.ts'

const apples = (count: number) => (count === 1 ? '1 apple' : `${count} apples`)

/** Six writes with all replicas up, a seventh without replica 3, which then comes back stale. */
export async function tellReplicaDown(stage: Stage, scene: Scene): Promise<void> {
  const { narrator, claims } = stage
  const third = scene.players[2]
  if (third === undefined) throw new RangeError('this part needs three replicas')

  await narrator.chapter('1. A replica goes down, and nobody waits for it')
  await narrator.say(
    'Ada fills her cart. Every write makes a version of its own, by a hybrid logical clock: the time, a counter, and ' +
      'the id of the writer. So old can be told from new at every replica. We count them 1, 2, 3.',
  )
  narrator.line(narrator.paint('quiet', writeHeader))
  for (let count = 1; count <= 6; count += 1) await tellSet(stage, scene, count, 3)
  narrator.gap()
  await narrator.show(drawBoxes(await scene.boxes('ada'), narrator.paint))

  third.power.switchOff()
  await narrator.say('Now replica 3 goes down: every call to it fails. Ada buys one more apple.')
  narrator.line(narrator.paint('quiet', writeHeader))
  const seventh = await tellSet(stage, scene, 7, 2)
  narrator.gap()
  claims.check(!seventh.acked.includes(third), 'replica 3 was down, so it did not take version 7')
  await narrator.say(
    `${atStart(namesOf(seventh.acked))} acknowledged, and two are enough (w = 2): the write has succeeded, without ` +
      'an error and without a delay. Nobody had to be elected.',
  )

  third.power.switchOn()
  const boxes = await scene.boxes('ada')
  claims.check(boxes.map(({ version }) => version).join() === '7,7,6', 'replica 3 came back with version 6')
  await narrator.say('Replica 3 comes back. It missed version 7 and does not know it: it is stale.')
  await narrator.show(drawBoxes(boxes, narrator.paint))
}

async function tellSet(stage: Stage, scene: Scene, count: number, acks: number): Promise<WriteReport> {
  const { narrator, claims } = stage
  const report = await scene.set('ada', apples(count))
  narrator.line(writeLine(`set ada "${apples(count)}"`, report, scene.players.length))
  claims.check(report.number === count, `the write made version ${count}, later than all before`)
  claims.check(report.acked.length === acks, `${acks} replicas acknowledged version ${count}`)
  return report
}
