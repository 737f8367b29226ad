import { searchQuorum } from '../core/quorum.ts'
import { type QuorumOperation, ReplicaError } from '../errors.ts'
import type { WatchedReplica } from '../wrap/detector.ts'
import { Causes } from './causes.ts'
import type { CoordinatorContext, OperationPlan } from './context.ts'

/**
 * Goes through as many replicas, one after the other and each as a whole, as it takes to miss no acknowledged key. A
 * replica whose scan fails half-way does not count; the next one takes its place.
 *
 * @throws QuorumError when too few could be gone through
 */
export async function searchReplicas(
  context: CoordinatorContext,
  plan: OperationPlan,
  operation: QuorumOperation,
  visit: (replica: WatchedReplica) => Promise<void>,
): Promise<void> {
  // Right after a replica was removed, what it had acknowledged is on one fewer than w, which as many as a read asks meet.
  const needed = Math.max(plan.r, searchQuorum(plan.n, plan.w))
  const causes = new Causes(context)
  let searched = 0
  for (const { replica, index } of likeliestFirst(context.replicas)) {
    if (searched >= needed) return
    try {
      await replica.gate.verify({ timeoutMs: plan.callTimeoutMs })
      const { voice } = replica.gate
      if (voice !== null) await visit(replica)
      if (voice === null || replica.gate.voice !== voice) throw replica.gate.whySilent
      searched += 1
    } catch (error) {
      // A failed scan is one replica less; a quorum lost by what is done on the way ends the search.
      if (!(error instanceof ReplicaError)) throw error
      causes.add(index, error)
    }
  }
  if (searched >= needed) return
  throw causes.quorumError({ operation, needed, acked: searched, keysFailed: 0, outcome: 'unknown' })
}

function likeliestFirst(replicas: readonly WatchedReplica[]): { replica: WatchedReplica; index: number }[] {
  const numbered = replicas.map((replica, index) => ({ replica, index, isUp: replica.isWorthAsking() }))
  return [...numbered.filter(({ isUp }) => isUp), ...numbered.filter(({ isUp }) => !isUp)]
}
