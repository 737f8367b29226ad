import type { Hints } from './background/hints.ts'
import type { Member } from './background/member.ts'
import type { Ledger } from './core/ledger.ts'
import type { Standing } from './core/standing.ts'
import type { ReplicaGuarantees } from './replica.ts'

/** How a replica stands, for `store.replicas`. */
export interface ReplicaState {
  readonly id: string
  /** As the failure detector sees it. */
  readonly condition: 'up' | 'down' | 'probing'
  /** Whether what it says counts: `checking` before its lineage is known, `joining` while it may lack or hold too much. */
  readonly standing: Standing
  /** Why it stands so. */
  readonly reason: string
  /** As it told last; null before it was asked. */
  readonly lineage: string | null
  /** How many keys wait to be handed over to it. */
  readonly hints: number
  /** Why it needs a sweep; null when it does not. */
  readonly needsSweep: string | null
  /** When its last exchange with enough others began, in ms since 1970; null when none is on record. */
  readonly exchangedAtMs: number | null
  readonly guarantees: ReplicaGuarantees
}

export function replicaState(
  { id, replica, verdict, lineage }: Member,
  ledger: Ledger,
  hints: Hints,
  lineageOption: 'checked' | 'assumed',
): ReplicaState {
  const recorded = ledger.replica(id)
  return {
    id,
    condition: replica.condition(),
    ...(lineageOption === 'checked' ? verdict : assumedFull),
    lineage,
    hints: hints.size(id),
    needsSweep: hints.needsSweep(id) ?? recorded?.needsSweep ?? null,
    exchangedAtMs: recorded?.exchangedAtMs ?? null,
    guarantees: replica.guarantees,
  }
}

const assumedFull = {
  standing: 'full',
  reason: "it is taken to hold what it acknowledged: lineage is 'assumed'",
} as const
