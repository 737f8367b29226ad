import { Ledger, type PartitionEntry } from '../core/ledger.ts'
import type { HybridClock } from '../core/version.ts'
import type { Runtime } from '../runtime.ts'
import type { Membership } from './membership.ts'
import type { SweepPartition } from './sweep/sweep-report.ts'

/** What an exchange came to, of one part of the keys or of all. */
export interface Exchange {
  readonly exchangeBeganAtMs: number
  readonly exchanged: ReadonlyMap<string, readonly string[]>
  readonly positions: ReadonlyMap<string, string>
  /** The replicas that were full throughout. */
  readonly full: readonly string[]
  readonly lineages: ReadonlyMap<string, string>
}

/**
 * Puts one part of a sweep that several workers share on record. When no other is missing any more, since the last sweep
 * over everything, they come to a whole one: from when the first began, and as far as a replica took part in all of them
 * under one lineage. Null while parts are missing.
 */
export async function joinPartitions(
  membership: Membership,
  { runtime, clock }: { readonly runtime: Runtime; readonly clock: HybridClock },
  partition: SweepPartition,
  exchange: Exchange,
): Promise<Exchange | null> {
  const version = clock.next(runtime.clock.nowMs())
  const isOnRecord = await membership.write([Ledger.partitionRecord(partition, entryOf(exchange), version)])
  if (!isOnRecord) return null
  await membership.read(Ledger.partitionKeys(partition.of))
  const sweptFullyAtMs = membership.ledger.sweep?.sweptFullyAtMs ?? -1
  const parts = membership.ledger.partitions(partition.of)
  const isWhole =
    parts.length === partition.of && parts.every(({ exchangeBeganAtMs }) => exchangeBeganAtMs > sweptFullyAtMs)
  return isWhole ? joined(parts, exchange) : null
}

function joined(parts: readonly PartitionEntry[], last: Exchange): Exchange {
  const first = parts.reduce((a, b) => (b.exchangeBeganAtMs < a.exchangeBeganAtMs ? b : a))
  const tookPartInAll = (id: string) => parts.every(({ lineages }) => lineages[id] === last.lineages.get(id))
  const ids = [...last.lineages.keys()].filter(tookPartInAll)
  const inAll = (lists: readonly (readonly string[])[]) => ids.filter((id) => lists.every((list) => list.includes(id)))
  return {
    exchangeBeganAtMs: first.exchangeBeganAtMs,
    exchanged: new Map(ids.map((id) => [id, inAll(parts.map(({ exchanged }) => ownMember(exchanged, id)))])),
    positions: new Map(Object.entries(first.positions)),
    full: inAll(parts.map(({ full }) => full)),
    lineages: last.lineages,
  }
}

/** A replica may be called `constructor`, which is a member of every object. */
function ownMember(exchanged: PartitionEntry['exchanged'], id: string): readonly string[] {
  return Object.hasOwn(exchanged, id) ? (exchanged[id] ?? []) : []
}

function entryOf({ exchangeBeganAtMs, exchanged, positions, full, lineages }: Exchange): PartitionEntry {
  return {
    exchangeBeganAtMs,
    full,
    lineages: Object.fromEntries(lineages),
    exchanged: Object.fromEntries(exchanged),
    positions: Object.fromEntries(positions),
  }
}
