import { setTimeout as pause } from 'node:timers/promises'
import { QuorumError, type QuorumEvent } from '../../../src/index.ts'
import { drawBoxes, wrapText } from '../drawing.ts'
import { atStart, namesOf, type Player } from '../players.ts'
import type { Scene } from '../scene.ts'
import type { Stage } from '../stage.ts'
import { writeHeader, writeLine } from '../write-lines.ts'

const reunionMs = 15_000
const glanceMs = 20
const messageWidth = 74

/** Three of five down: the error that a user gets, what became of the write, and the way back. */
export async function tellQuorumLost(stage: Stage, scene: Scene, absent: readonly Player[]): Promise<void> {
  const { narrator, claims } = stage
  await narrator.chapter('4. One too many: the quorum is lost')
  const third = scene.players[2]
  const downNow = scene.players.filter((player) => player === third || absent.includes(player))
  third?.power.switchOff()
  await narrator.say(
    `Replica 3 goes down as well. With ${namesOf(downNow)} gone, two are left, and three are needed. Now the store ` +
      'must say no. It never makes an answer up.',
  )
  await tellErrors(stage, scene)

  for (const player of downNow) player.power.switchOn()
  await narrator.say(`${atStart(namesOf(downNow))} come back. Whoever got "unknown" simply tries again:`)
  const again = await scene.set('bob', '3 pears')
  narrator.line(narrator.paint('quiet', writeHeader))
  narrator.line(writeLine('set bob "3 pears"', again, scene.players.length))
  narrator.gap()
  claims.check(again.acked.length >= 3, 'at least w replicas acknowledged it')
  claims.check((await scene.get('bob')).value === '3 pears', 'the read after it returned what was written')
  await tellReunion(stage, scene, again.number)
}

async function tellErrors({ narrator, claims }: Stage, scene: Scene): Promise<void> {
  const error = await quorumErrorOf(scene.set('bob', '3 pears'))
  claims.check(error !== null, 'the write was rejected with a QuorumError')
  if (error === null) return
  claims.check(error.code === 'QUORUM_LOST' && error.needed === 3, 'it says that three were needed')
  claims.check(error.causes.size >= 3, 'it says why three replicas did not count')
  claims.check(error.outcome === 'unknown', 'two replicas were up, so the outcome of the write is unknown')
  await narrator.show([`set bob "3 pears"  ->  ${narrator.paint('bad', 'rejects')}`, '', ...errorLines(scene, error)])
  await narrator.say(
    'It does not wait for a deadline: once three have failed, the other two cannot make it. A read says no as well:',
  )

  const readError = await quorumErrorOf(scene.get('bob'))
  claims.check(readError?.code === 'QUORUM_LOST', 'the read was rejected with a QuorumError')
  await narrator.show([`get bob  ->  ${narrator.paint('bad', 'rejects')}: ${readError?.name} ${readError?.code}`])

  const boxes = await scene.boxes('bob')
  const takers = boxes.filter(({ version }) => version === 3).map(({ name }) => name)
  claims.check(takers.join() === 'replica 1,replica 4', 'only the two that were up took the write')
  await narrator.say(
    'That is never mistaken for "no such key". And what became of the write? Its outcome is unknown, says the error, ' +
      'and so it is: two replicas did take version 3, too few to promise that it stays.',
  )
  await narrator.show(drawBoxes(boxes, narrator.paint))
}

/** What an operation was rejected with; null when it was not. */
async function quorumErrorOf(operation: Promise<unknown>): Promise<QuorumError | null> {
  try {
    await operation
    return null
  } catch (error) {
    if (error instanceof QuorumError) return error
    throw error
  }
}

function errorLines(scene: Scene, error: QuorumError): string[] {
  const causes = [...error.causes].map(([id, cause]) => [scene.playerOf(id)?.name ?? id, cause.code, cause.reason])
  return [
    ...wrapText(`${error.name}: ${error.message}`, messageWidth),
    '',
    `code       ${error.code}`,
    `operation  ${error.operation}`,
    `needed     ${error.needed}`,
    `acked      ${error.acked}`,
    `outcome    ${error.outcome}`,
    ...causes.map((cause, index) => (index === 0 ? 'causes' : '').padEnd(11) + cause.join('  ')),
  ]
}

/** Reads until every replica is back, as an application's own traffic would. */
async function tellReunion(stage: Stage, scene: Scene, newest: number): Promise<void> {
  const { narrator, claims } = stage
  const isWhole = await readUntilWhole(scene, newest)
  claims.check(isWhole, `all five replicas hold version ${newest} again, and none of them is held to be down`)
  await narrator.say(
    'After three failures in a row the store stops asking a replica, but for a probe now and then. The probes have ' +
      'found all of them alive again, and the newest version is everywhere:',
  )
  await narrator.show(drawBoxes(await scene.boxes('bob'), narrator.paint))

  const cid = (await scene.get('cid')).value
  await scene.store.repairsDone()
  const tombstones = (await scene.boxes('cid')).map(({ version }) => version)
  claims.check(cid === undefined, 'cid stays deleted, though two replicas had missed the delete')
  claims.check(
    tombstones.every((version) => version === 2),
    'all five hold the tombstone of cid',
  )
  await narrator.say(
    'And cid stays deleted. Two replicas had missed that and still held the fig, but a delete is a record too, a ' +
      'tombstone with a version: it wins over the fig, and was given to those two as well.',
  )
  const plums = (await scene.boxes('dee')).map(({ version }) => version)
  claims.check(
    plums.every((version) => version === 1),
    'all five hold dee, though two were down when it was written',
  )
  await narrator.say(
    'So does dee, which nobody has read: what a replica misses is remembered as a hint, the key alone, and handed over ' +
      'when it is back.',
  )
  await narrator.say('All this while the store said what it did. Its events:')
  await narrator.table(['event', 'who', 'what'], mergedRows(scene.events.flatMap((event) => eventRow(scene, event))))
}

async function readUntilWhole(scene: Scene, newest: number): Promise<boolean> {
  const endsAtMs = performance.now() + reunionMs
  while (performance.now() < endsAtMs) {
    await scene.get('bob')
    await scene.store.repairsDone()
    const areUp = scene.store.replicas.every(({ condition, hints }) => condition === 'up' && hints === 0)
    if (areUp && (await scene.boxes('bob')).every(({ version }) => version === newest)) return true
    await pause(glanceMs)
  }
  return false
}

function eventRow(scene: Scene, event: QuorumEvent): string[][] {
  const who = 'replica' in event ? (scene.playerOf(event.replica)?.name ?? event.replica) : ''
  switch (event.type) {
    case 'replica-down':
      return [[event.type, who, event.error.reason]]
    case 'replica-up':
      return [[event.type, who, 'answers again']]
    case 'handoff':
      return [[event.type, who, 'was given what it had missed']]
    case 'replica-joining':
      return [[event.type, who, event.reason]]
    case 'replica-full':
      return [[event.type, who, 'counts']]
    case 'repair':
      return [[event.type, who, `${event.key} was ${event.held}`]]
    case 'quorum-lost':
      return [[event.type, '', `${event.operation} needed ${event.needed}, ${event.acked} answered`]]
    default:
      return []
  }
}

/** The same row once, in order. */
function mergedRows(rows: readonly string[][]): string[][] {
  const seen = new Map(rows.map((row) => [row.join('\n'), row]))
  return [...seen.values()]
}
