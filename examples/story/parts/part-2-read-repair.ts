import { drawBoxes, drawObject } from '../drawing.ts'
import type { ReadReport, Scene } from '../scene.ts'
import type { Stage } from '../stage.ts'

const r = 2

/** A read sees versions 6 and 7, answers 7, and mends replica 3. */
export async function tellReadRepair(stage: Stage, scene: Scene): Promise<void> {
  const { narrator, claims } = stage
  await narrator.chapter('2. A read notices, and mends')
  await narrator.say('Somebody reads the cart. The store asks all three replicas at once. They answer, in this order:')

  const before = await scene.boxes('ada')
  const read = await scene.get('ada')
  await narrator.show(answerLines(stage, scene, read))
  const seen = read.answers.map(({ version }) => scene.numberOf('ada', version))
  claims.check([...seen].sort().join() === '6,7,7', 'the three replicas answered 6, 7 and 7')
  claims.check(read.value === '7 apples', 'the read returned what was written last')
  await narrator.show([`get ada  ->  ${narrator.paint('good', JSON.stringify(read.value))}`])
  await narrator.say(
    'Whichever two come first, at least one of them took the last write, because r + w > n: 2 + 2 > 3. The newest ' +
      'version wins, so the answer is version 7, and never 6.',
  )

  await scene.store.repairsDone()
  const after = await scene.boxes('ada')
  await tellRepair(stage, scene)
  claims.check(
    after.every(({ version }) => version === 7),
    'all three replicas hold version 7 after the repair',
  )
  await narrator.say('Before the read, and after the repair:')
  await narrator.show([...drawBoxes(before, narrator.paint), '', ...drawBoxes(after, narrator.paint)])
}

function answerLines({ narrator }: Stage, scene: Scene, { answers }: ReadReport): string[] {
  const numbers = answers.map(({ version }) => scene.numberOf('ada', version))
  const newest = Math.max(...numbers)
  return answers.map(({ replica }, index) => {
    const name = scene.playerOf(replica)?.name ?? replica
    const stale = (numbers[index] ?? 0) < newest ? narrator.paint('warn', '   stale') : ''
    const answered = index + 1 === r ? narrator.paint('quiet', `   r = ${r}: the caller has its answer`) : ''
    return `${name}   version ${numbers[index]}${stale}${answered}`
  })
}

async function tellRepair({ narrator, claims }: Stage, scene: Scene): Promise<void> {
  const repairs = scene.events.filter((event) => event.type === 'repair')
  const [repair] = repairs
  claims.check(repairs.length === 1 && repair !== undefined, 'there was exactly one repair')
  if (repair === undefined) return
  claims.check(scene.playerOf(repair.replica) === scene.players[2], 'the repaired replica is replica 3')
  claims.check(repair.held === 'stale', 'the repaired replica held something older')
  claims.check(scene.numberOf('ada', repair.version) === 7, 'the repair brought version 7')
  await narrator.say(
    'The store saw that replica 3 is behind, and gave it the newest record, in the background. That is read repair. ' +
      'The store tells of it by an event:',
  )
  await narrator.show(drawObject({ ...repair }).map((line) => narrator.paint('code', line)))
}
