import { layout } from '../../core/record.ts'
import type { ReplicaSweepReport } from './sweep-report.ts'

type Figures = { -readonly [Name in Exclude<keyof ReplicaSweepReport, 'replica' | 'skipped'>]: number }

const differingKeysMax = 100

/** Counts what a sweep finds and does, by replica. */
export class Tally {
  readonly #figures: readonly Figures[]
  readonly #differingKeys: string[] = []
  readonly #holdsLeft = new Set<number>()
  #differing = 0
  #left = 0

  constructor(members: number) {
    this.#figures = Array.from({ length: members }, noFigures)
  }

  get differing(): number {
    return this.#differing
  }

  get left(): number {
    return this.#left
  }

  /** Whether something was left at this replica that may have been deleted elsewhere. */
  holdsLeft(member: number): boolean {
    return this.#holdsLeft.has(member)
  }

  /** The first ones, sorted: in which order replicas are gone through depends on how quick they are. */
  get differingKeys(): readonly string[] {
    return this.#differingKeys.toSorted()
  }

  add(member: number, name: keyof Figures, count = 1): void {
    const figures = this.#figures[member]
    if (figures !== undefined) figures[name] += count
  }

  /** A key that some replicas hold otherwise than they should, or that is left where it is. */
  addDiffering(key: string, members: readonly number[], leftAt: readonly number[]): void {
    if (leftAt.length > 0) this.#left += 1
    for (const member of leftAt) this.#holdsLeft.add(member)
    this.#differing += 1
    for (const member of members) this.add(member, 'differing')
    if (this.#differingKeys.length < differingKeysMax) this.#differingKeys.push(key)
  }

  of(member: number): Figures {
    return this.#figures[member] ?? noFigures()
  }
}

function noFigures(): Figures {
  return { compared: 0, differing: 0, pulled: 0, pushed: 0, purged: 0, zombies: 0, bytes: 0, tookMs: 0 }
}

/** About how many bytes keys take on the way, and the heads or whole records that come or go with them. */
export function bytesOf(keys: readonly (string | { readonly key: string; readonly payload?: string })[]): number {
  let bytes = 0
  for (const each of keys) {
    if (typeof each === 'string') bytes += each.length
    else bytes += each.key.length + layout.headLength + (each.payload?.length ?? 0)
  }
  return bytes
}
