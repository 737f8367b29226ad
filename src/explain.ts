import type { Member } from './background/member.ts'
import { type CorruptRecord, isCorrupt, type VersionedRecord } from './core/record.ts'
import { compareRecords } from './core/resolve.ts'
import type { Standing } from './core/standing.ts'
import { asReplicaError, ReplicaError } from './errors.ts'

/** What every replica holds for one key, and which of it wins. */
export interface Explanation {
  /** As replicas see it: the namespace, a colon, and the key. */
  readonly key: string
  readonly replicas: readonly ReplicaHolding[]
  /** The newest record that any replica holds; null for none. Dead records win too, and read as absent. */
  readonly winner: VersionedRecord | null
}

export interface ReplicaHolding {
  readonly replica: string
  readonly standing: Standing
  /** What it holds: null for nothing, an error when it did not say. */
  readonly answer: VersionedRecord | CorruptRecord | ReplicaError | null
  readonly isWinner: boolean
}

/** Asks every replica for itself, without repair and whatever its standing. */
export async function explain(members: readonly Member[], key: string, callTimeoutMs: number): Promise<Explanation> {
  const answers = await Promise.all(members.map((member) => answerOf(member, key, callTimeoutMs)))
  const records = answers.filter((answer) => isRecord(answer))
  const winner = records.reduce<VersionedRecord | null>(
    (newest, record) => (newest === null || compareRecords(record, newest) > 0 ? record : newest),
    null,
  )
  const replicas = members.map(({ id, standing }, index) => {
    const answer = answers[index] ?? null
    const isWinner = winner !== null && isRecord(answer) && compareRecords(answer, winner) === 0
    return { replica: id, standing, answer, isWinner }
  })
  return { key, replicas, winner }
}

type Answer = ReplicaHolding['answer']

async function answerOf({ id, replica }: Member, key: string, timeoutMs: number): Promise<Answer> {
  try {
    const [answer = null] = await replica.getMany([key], { timeoutMs })
    return answer
  } catch (error) {
    return asReplicaError(id, error)
  }
}

function isRecord(answer: Answer): answer is VersionedRecord {
  return answer !== null && !(answer instanceof ReplicaError) && !isCorrupt(answer)
}
