import type { Replica } from '../replica.ts'
import { fieldPath } from './field-path.ts'
import type { QuorumOptions } from './options.ts'
import type { Problem } from './problem.ts'

/** What the rules look at of a replica. */
export type ReplicaFacts = Pick<Replica, 'id' | 'guarantees'>

/** What the list of replicas must keep to as a whole. */
export function replicaProblems(
  replicas: readonly ReplicaFacts[],
  options: Pick<QuorumOptions, 'singleProcess'>,
): readonly Problem[] {
  if (replicas.length === 0) return [{ field: 'replicas', expected: 'at least one replica, not an empty list' }]
  return [...duplicateProblems(replicas), ...(options.singleProcess ? [] : privateProblems(replicas))]
}

/** Two replicas of one id are one and the same server counted twice, or two that hints and events cannot tell apart. */
function duplicateProblems(replicas: readonly ReplicaFacts[]): Problem[] {
  const firstPlaces = new Map<string, number>()
  const problems: Problem[] = []
  for (const [place, { id }] of replicas.entries()) {
    const first = firstPlaces.get(id)
    if (first === undefined) firstPlaces.set(id, place)
    else {
      problems.push({
        field: `${fieldPath('replicas', place)}.id`,
        expected: `an id of its own, but ${fieldPath('replicas', first)} is ${id} too: list each server once, or give each an \`id\``,
      })
    }
  }
  return problems
}

/** What a process keeps to itself, the others never see: acknowledged there, and missing for everyone else. */
function privateProblems(replicas: readonly ReplicaFacts[]): Problem[] {
  const shared = replicas.find((replica) => replica.guarantees.sharedBy !== 'process')
  if (shared === undefined) return []
  return replicas.flatMap((replica, place) => {
    if (replica.guarantees.sharedBy !== 'process') return []
    return [
      {
        field: fieldPath('replicas', place),
        expected:
          `a backend that other processes see too, like ${shared.id} (${shared.guarantees.backend}), not ${replica.id} ` +
          `(${replica.guarantees.backend}), private to this process: say singleProcess: true if only one process uses the store`,
      },
    ]
  })
}
