import { isDeepStrictEqual } from 'node:util'
import { wholeRange } from '../../../src/core/hash.ts'
import { ReplicaError } from '../../../src/errors.ts'
import type { Replica } from '../../../src/replica.ts'
import { withDeadline } from '../../../src/wrap/deadline.ts'
import { endOf } from '../../support/end-of.ts'
import { endingLater } from '../documented-errors.ts'
import { type Cursors, EndlessCursors, type EndlessLog, endlessLog, fillWithOthers } from './endless-server.ts'
import { filledServer, type RedisOperation } from './redis-operations.ts'
import { RedisScene } from './redis-scene.ts'

/** A walk has to be told from a long one before it has gone round more often. */
const roundsMax = 3

/** A server whose cursors go round has failed, as soon as it is clear that they do. */
export async function failsOnRounds({ run }: RedisOperation, cursors: Cursors): Promise<void> {
  const scene = new RedisScene(filledServer())
  const endless = new EndlessCursors(cursors)
  scene.meddle = endless.meddle
  const ended = await endingLater(() => scene.ended(run(scene.replica)), [ReplicaError])
  if (!('refusal' in ended)) throw new Error('a walk that went round has ended well')
  const givenMax = roundsMax * (cursors.lead + cursors.round) + 1
  if (endless.given > givenMax) throw new Error(`it took ${endless.given} cursors to see that they go round`)
}

export interface LongWay {
  /** How many records of others come before those that are wanted. */
  readonly others: number
  readonly replyMs: number
}

/** A step has a time of its own, however many pages without anything of ours come before the next key. */
export async function endsLongWay({ run }: RedisOperation, { others, replyMs }: LongWay): Promise<void> {
  const answers: unknown[] = []
  for (const takesMs of [0, replyMs]) {
    const server = filledServer()
    fillWithOthers(server, others)
    const scene = new RedisScene(server)
    scene.replyMs = takesMs
    answers.push(await scene.ended(run(withDeadline(scene.replica, scene.time.timers))))
  }
  if (!isDeepStrictEqual(answers[0], answers[1])) throw new Error('what is found depends on how long it takes')
}

const times = { timeoutMs: 1_000, pageTimeoutMs: 1_000, stepTimeoutMs: 1_000, pageKeysMax: 10 } as const
const retirement = { retainedUntilMs: -1, diedUntilMs: -1 }
const loggedPosition = '1750000000000-1:c2'
const logCommandsMax = 10

/** A log that comes in another order than that of its entries has failed, and is not followed round and round. */
export async function failsOnLog(kind: EndlessLog): Promise<void> {
  const scene = new RedisScene(filledServer())
  scene.meddle = endlessLog(kind)
  scene.commandsLeft = logCommandsMax
  const steps = scene.replica.changes?.(loggedPosition, times)
  const ended = await endingLater(() => scene.ended(taken(steps)), [ReplicaError])
  if (!('refusal' in ended)) throw new Error('a log that goes round has ended well')
}

export const newForEver = ['scan', 'chosen scan', 'digest', 'changes'] as const

/** What is ever new cannot be told from what is large: the caller alone can end it, and then it ends at once. */
export async function endsWhenAborted(walk: (typeof newForEver)[number], stepsMax: number): Promise<void> {
  const scene = new RedisScene(filledServer())
  scene.meddle = walk === 'changes' ? endlessLog('ever later') : new EndlessCursors({ lead: 0, round: 0 }).meddle
  const abort = new AbortController()
  const enough = new Error('enough')
  const end = endOf(taken(started(scene.replica, walk, abort.signal), stepsMax, () => abort.abort(enough)))
  await scene.time.settle()
  if (end.error !== enough) throw new Error(`it is ${end.state}, with ${String(end.error)}`)
}

function started(
  replica: Replica,
  walk: (typeof newForEver)[number],
  signal: AbortSignal,
): AsyncIterable<unknown> | undefined {
  if (walk === 'digest') return replica.digest?.(wholeRange, { ...times, retirement, signal })
  if (walk === 'changes') return replica.changes?.(loggedPosition, { ...times, signal })
  return replica.scan(wholeRange, { ...times, signal, ...(walk === 'chosen scan' && { buckets: [1, 2] }) })
}

/** Takes steps until there are no more, and calls back after so many. */
async function taken(
  steps: AsyncIterable<unknown> | undefined,
  stepsMax: number = Number.POSITIVE_INFINITY,
  onEnough: () => void = () => undefined,
): Promise<void> {
  let count = 0
  for await (const _step of steps ?? []) {
    count += 1
    if (count === stepsMax) onEnough()
    // Of what had come with the last page a part may still come.
    if (count > stepsMax + 1) throw new Error('it goes on')
  }
}
