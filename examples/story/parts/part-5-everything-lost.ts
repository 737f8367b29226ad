import { drawBoxes, drawObject } from '../drawing.ts'
import type { Player } from '../players.ts'
import type { Scene } from '../scene.ts'
import type { Stage } from '../stage.ts'
import { writeHeader, writeLine } from '../write-lines.ts'

/** A replica comes back empty: its emptiness does not count, and a sweep fills it. */
export async function tellEverythingLost(
  stage: Stage,
  scene: Scene,
  player: Player,
  loseEverything: () => void,
): Promise<void> {
  const { narrator, claims } = stage
  const eventsBefore = scene.events.length
  await narrator.chapter(`5. ${startOf(player)} loses everything`)
  player.power.switchOff()
  await narrator.say(`${startOf(player)} goes down once more, and this time it is worse: its data is gone.`)
  narrator.line(narrator.paint('quiet', writeHeader))
  const eighth = await scene.set('ada', '8 apples')
  narrator.line(writeLine('set ada "8 apples"', eighth, scene.players.length))
  narrator.gap()
  claims.check(eighth.acked.length === 4, 'four replicas acknowledged version 8')
  loseEverything()
  await narrator.show(drawBoxes(await scene.boxes('ada'), narrator.paint))

  player.power.switchOn()
  const read = await scene.get('ada')
  claims.check(read.value === '8 apples', 'the read returned what was written last')
  claims.check(await scene.becomesWhole(), `${player.name} counts again`)
  const events = scene.events
    .slice(eventsBefore)
    .filter((event) => 'replica' in event && event.replica === player.real.id)
  const joining = events.find((event) => event.type === 'replica-joining')
  const full = events.find((event) => event.type === 'replica-full')
  claims.check(joining !== undefined, `${player.name} was joining`)
  claims.check(full !== undefined, `${player.name} was made full by a sweep`)
  await narrator.say(
    'It comes back, empty. It would answer "no such key" in good faith, and together with a stale replica outvote the ' +
      'truth. But every replica can tell its lineage, which changes when its data may be lost, and the store asks for ' +
      'that before it listens:',
  )
  await narrator.show(drawObject({ ...joining }).map((line) => narrator.paint('code', line)))
  await narrator.say(
    'While it is joining it takes writes and has no vote. A sweep compares all replicas, moves what differs, and then:',
  )
  await narrator.show(drawObject({ ...full }).map((line) => narrator.paint('code', line)))
  const boxes = await scene.boxes('ada')
  claims.check(
    boxes.every(({ version }) => version === 8),
    'all five replicas hold version 8',
  )
  await narrator.show(drawBoxes(boxes, narrator.paint))
}

function startOf({ name }: Player): string {
  return `R${name.slice(1)}`
}
