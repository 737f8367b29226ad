/** How a vote stands: still open, won, or beyond reach. */
export type Vote = 'pending' | 'met' | 'lost'

/** The smallest number of n replicas that any other such number overlaps. */
export function majority(n: number): number {
  return Math.floor(n / 2) + 1
}

/** A vote is lost as soon as those still to answer cannot make it, not only when the last has failed. */
export function voteOf(n: number, needed: number, acked: number, failed: number): Vote {
  if (acked >= needed) return 'met'
  return n - failed < needed ? 'lost' : 'pending'
}

/** How many replicas may be down, hung or cut off while every operation still succeeds (f of guarantee G5). */
export function toleratedFailures(n: number, r: number, w: number): number {
  return n - Math.max(r, w)
}

/** How many replicas a search must have seen whole so that no acknowledged key is missed. */
export function searchQuorum(n: number, w: number): number {
  return n - w + 1
}
