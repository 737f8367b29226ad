import { isDead, type RecordHead } from '../../src/core/record.ts'
import { compareStamps } from '../../src/core/resolve.ts'
import { isRetired, type Retirement } from '../../src/core/retirement.ts'
import type { Violation } from './history.ts'

/** What one replica holds when all has been healed and swept. */
export interface ReplicaContent {
  readonly id: string
  /** At most one of each key. With `checksum`, as scans give it, payloads are compared too. */
  readonly heads: readonly (RecordHead & { readonly checksum?: string })[]
}

type Head = ReplicaContent['heads'][number]

interface Holder {
  readonly id: string
  readonly head: Head | null
}

/**
 * Replicas are identical (G6), apart from dead records that are retired: a replica may hold such a one, an older such one, or
 * nothing, since each is purged in its own time.
 */
export function checkConvergence(
  replicas: readonly ReplicaContent[],
  retirement: Retirement,
  nowMs: number,
): Violation[] {
  const byReplica = replicas.map(({ id, heads }) => ({ id, heads: new Map(heads.map((head) => [head.key, head])) }))
  const keys = new Set(replicas.flatMap(({ heads }) => heads.map(({ key }) => key)))
  return [...keys].flatMap((key): Violation[] => {
    const holders = byReplica.map(({ id, heads }) => ({ id, head: heads.get(key) ?? null }))
    const kept = holders.map(({ id, head }) => ({ id, head: isGone(head, retirement, nowMs) ? null : head }))
    if (isSame(kept)) return []
    const explanation = `the replicas differ in ${key}: ${holders.map(spelled).join(', ')}`
    return [{ rule: 'convergence', key, operations: [], explanation }]
  })
}

function isGone(head: Head | null, retirement: Retirement, nowMs: number): boolean {
  return head !== null && isDead(head, nowMs) && isRetired(head, retirement)
}

function isSame(holders: readonly Holder[]): boolean {
  const first = holders[0]?.head ?? null
  return holders.every(({ head }) => {
    if (first === null || head === null) return first === head
    return (
      compareStamps(first, head) === 0 && first.expiresAtMs === head.expiresAtMs && first.checksum === head.checksum
    )
  })
}

function spelled({ id, head }: Holder): string {
  return `${id} ${head === null ? 'nothing' : `${head.kind} ${head.version}`}`
}
