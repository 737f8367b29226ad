import type { ReplicaError } from '../errors.ts'
import type { CallOptions } from '../replica.ts'
import type { WatchedReplica } from '../wrap/detector.ts'
import type { Causes } from './causes.ts'

/** One call of a batch to one replica, and what becomes of its end. */
export interface Asked<Answer> {
  call(): Promise<Answer>
  onAnswer(answer: Answer): void
  /** The replica answered, and what it says does not count: it is joining, or was when it was asked. */
  onUncounted(answer: Answer, whySilent: ReplicaError): void
  onFailure(error: unknown): void
}

/**
 * Asks a replica as its failure detector and its lineage allow: refused at once while it is down; after a failure its
 * lineage comes first; and an answer counts when the replica's word did from the question to the answer.
 */
export function askReplica<Answer>(
  watched: WatchedReplica,
  options: CallOptions,
  causes: Causes,
  replica: number,
  asked: Asked<Answer>,
): void {
  const refusal = watched.refusal(options)
  if (refusal !== null) {
    asked.onFailure(refusal)
    return
  }
  const fail = (error: unknown) => asked.onFailure(error)
  const verifying = watched.gate.verify(options)
  if (verifying === null) send(watched, causes, replica, asked)
  else causes.watch(replica, verifying).then(() => send(watched, causes, replica, asked), fail)
}

function send<Answer>({ gate }: WatchedReplica, causes: Causes, replica: number, asked: Asked<Answer>): void {
  const { voice } = gate
  causes.watch(replica, asked.call()).then(
    (answer) => {
      if (voice !== null && gate.voice === voice) asked.onAnswer(answer)
      else asked.onUncounted(answer, gate.whySilent)
    },
    (error: unknown) => asked.onFailure(error),
  )
}
