import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { ReplicaError } from '../../../src/errors.ts'
import { withChecks } from '../../../src/wrap/checked.ts'
import { endingLater } from '../documented-errors.ts'
import { assertNothingAdded } from '../prototypes.ts'
import { distortedReply } from '../redis/distorted-reply.ts'
import { filledServer, type RedisOperation, redisOperations } from '../redis/redis-operations.ts'
import { RedisScene } from '../redis/redis-scene.ts'
import { type ReplyLie, replyLies } from '../redis/reply-lies.ts'
import type { FuzzTarget } from '../target.ts'

interface Case {
  readonly operation: RedisOperation
  /** Whether the lineage was told before, so that every answer is vouched for. */
  readonly isVouched: boolean
}

/** What a case comes to where nobody lies. */
interface Honest {
  readonly answer: unknown
  readonly commands: number
}

const cases: readonly Case[] = redisOperations.flatMap((operation) =>
  [false, true].map((isVouched) => ({ operation, isVouched })),
)

async function sceneOf({ isVouched }: Case): Promise<RedisScene> {
  const scene = new RedisScene(filledServer())
  if (isVouched) await scene.ended(scene.replica.lineage({ timeoutMs: 1_000 }))
  return scene
}

async function honestly(each: Case): Promise<Honest> {
  const scene = await sceneOf(each)
  const before = scene.commands
  const answer = await scene.ended(each.operation.run(withChecks(scene.replica)))
  return { answer, commands: scene.commands - before }
}

async function underLies(each: Case, honest: Honest, lie: ReplyLie): Promise<void> {
  const scene = await sceneOf(each)
  const place = scene.commands + (lie.place % honest.commands)
  let isSenseless = false
  scene.meddle = (reply, args, commands) => {
    if (commands !== place) return { reply }
    const distorted = distortedReply(reply, args, lie)
    isSenseless = distorted.isSenseless
    return distorted.meddled
  }
  const ended = await endingLater(() => scene.ended(each.operation.run(withChecks(scene.replica))), [ReplicaError])
  assertNothingAdded()
  if ('refusal' in ended) return assertShort(ended.refusal)
  if (!isSenseless || ended.result === 'a gap') return
  if (!isDeepStrictEqual(ended.result, honest.answer))
    throw new Error(`took nonsense for an answer: ${told(ended.result)}`)
}

/** It goes into logs. */
function assertShort({ message }: Error): void {
  if (message.length > messageLengthMax) throw new Error(`a message of ${message.length} characters`)
}

const messageLengthMax = 3_000

function told(answer: unknown): string {
  return JSON.stringify(answer)?.slice(0, 1_000) ?? 'nothing'
}

/**
 * A Redis server, or its driver, that answers one command with something else. What no server answers fails the call with a
 * documented error, unless it does not matter; what one might answer ends the call, well or not.
 */
export const redisReplyTarget: FuzzTarget = {
  name: 'redis-replies',
  casesPerRound: 400,
  open: async () => {
    const known = await Promise.all(cases.map(async (each) => ({ each, honest: await honestly(each) })))
    return {
      property: fc.asyncProperty(fc.nat({ max: known.length - 1 }), replyLies, async (index, lie) => {
        const drawn = known[index]
        if (drawn !== undefined) await underLies(drawn.each, drawn.honest, lie)
      }),
    }
  },
}
