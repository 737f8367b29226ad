import { drawBoxes } from '../drawing.ts'
import { namesOf, type Player } from '../players.ts'
import type { Scene, WriteReport } from '../scene.ts'
import type { Stage } from '../stage.ts'
import { writeHeader, writeLine } from '../write-lines.ts'

const ttlMs = 3_600_000

/** n = 5, w = r = 3, and two replicas down: reads, writes and deletes go on. */
export async function tellFiveReplicas(stage: Stage, scene: Scene, absent: readonly Player[]): Promise<void> {
  const { narrator, claims } = stage
  await narrator.chapter('3. Five replicas, two of them down')
  await narrator.say('Two more replicas, and a store over all five: n = 5, w = 3, r = 3.')
  await narrator.show(scene.players.slice(3).map(({ name, place }) => `${name}   ${place}`))
  await tellJoining(stage, scene)
  narrator.line(narrator.paint('quiet', writeHeader))
  await tellWrite(stage, scene, 'set bob "1 pear"', await scene.set('bob', '1 pear'))
  await tellWrite(stage, scene, 'set cid "1 fig"', await scene.set('cid', '1 fig'))
  narrator.gap()

  for (const player of absent) player.power.switchOff()
  await narrator.say(
    `Now ${namesOf(absent)} go down. n - max(r, w) = 2 may be missing, and everything still works, at the speed of ` +
      'the rest:',
  )
  narrator.line(narrator.paint('quiet', writeHeader))
  await tellWrite(stage, scene, 'set bob "2 pears"', await scene.set('bob', '2 pears'), 3)
  await tellWrite(stage, scene, 'set dee "1 plum" *', await scene.set('dee', '1 plum', ttlMs), 3)
  await tellWrite(stage, scene, 'delete cid', await scene.delete('cid'), 3)
  narrator.line(narrator.paint('quiet', '* for one hour'))
  narrator.gap()

  const bob = (await scene.get('bob')).value
  const cid = (await scene.get('cid')).value
  const hasDee = await scene.keyv.has('dee')
  claims.check(bob === '2 pears', 'bob was read as written')
  claims.check(cid === undefined, 'cid reads as absent after its delete')
  claims.check(hasDee, 'dee is there')
  await narrator.show([
    `get bob  ->  ${narrator.paint('good', JSON.stringify(bob))}`,
    `get cid  ->  ${narrator.paint('good', String(cid))}`,
    `has dee  ->  ${narrator.paint('good', String(hasDee))}`,
  ])
  await narrator.say('What the replicas hold for bob: those that are down keep what they had, and that is version 1.')
  await narrator.show(drawBoxes(await scene.boxes('bob'), narrator.paint))
}

/** Replicas that nothing is on record about get what the others hold before they count. */
async function tellJoining({ narrator, claims, ownsReplicas }: Stage, scene: Scene): Promise<void> {
  claims.check(await scene.becomesWhole(), 'all five replicas count')
  if (!ownsReplicas) return
  const boxes = await scene.boxes('ada')
  const joined = scene.events.filter(({ type }) => type === 'replica-full')
  claims.check(joined.length === 2, 'two replicas joined')
  claims.check(
    boxes.every(({ version }) => version === 7),
    'the new replicas were given version 7 of the cart',
  )
  await narrator.say(
    'They begin empty, so first they are joining: they take writes, but their silence means nothing. A sweep compares ' +
      'all replicas and gives them what they lack. Then they count.',
  )
  await narrator.show(drawBoxes(boxes, narrator.paint))
}

async function tellWrite(
  { narrator, claims }: Stage,
  scene: Scene,
  operation: string,
  report: WriteReport,
  acks = scene.players.length,
): Promise<void> {
  narrator.line(writeLine(operation, report, scene.players.length))
  claims.check(report.acked.length === acks, `${acks} replicas acknowledged ${operation}`)
}
