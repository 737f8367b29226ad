import { majority } from '../core/quorum.ts'
import { readFields } from './fields.ts'
import { type QuorumOptions, quorumSchema } from './options.ts'
import { type Problem, throwProblems } from './problem.ts'

/** How many answers make a quorum. */
export interface QuorumCounts {
  readonly n: number
  readonly r: number
  readonly w: number
}

export interface Quorum extends QuorumCounts {
  readonly allowStale: boolean
}

export type QuorumWish = Pick<QuorumOptions, 'r' | 'w' | 'allowStale'>

/** What a view must agree with: the w that the store itself writes with, and how strict the store is. */
export interface StoreRules {
  readonly w: number
  readonly consistency: 'quorum' | 'linearizable'
}

/**
 * The quorum of a view. What the wish leaves open is taken from `base`, the store or the view that it was asked of; the
 * numbers are held against the store, because whoever shares the replicas reads and writes with its w.
 *
 * @throws ConfigError when the numbers do not fit n, or are too weak and `allowStale` is not said
 */
export function resolveQuorum(wish: QuorumWish, base: Quorum, store: StoreRules): Quorum {
  const { value, problems } = readFields(quorumSchema, wish, {
    parent: '',
    self: 'options',
    noun: 'option of a quorum',
  })
  throwProblems(problems)
  const quorum = mergeQuorum(value, base)
  throwProblems(quorumProblems(quorum, value, store))
  return quorum
}

export function mergeQuorum(wish: QuorumWish, base: Quorum): Quorum {
  return Object.freeze({
    n: base.n,
    r: wish.r ?? base.r,
    w: wish.w ?? base.w,
    allowStale: wish.allowStale ?? base.allowStale,
  })
}

/** r + w > n: every read quorum meets every write quorum. */
export function readsMeetWrites({ n, r, w }: QuorumCounts): boolean {
  return r + w > n
}

/** 2w > n: every two write quorums meet. */
export function writesMeetWrites({ n, w }: Omit<QuorumCounts, 'r'>): boolean {
  return 2 * w > n
}

/**
 * Views may read with fewer answers than the store, and never write with fewer: every r is chosen to meet the store's w,
 * and two views do not know of each other. With `allowStale` only the range is checked.
 */
export function quorumProblems(quorum: Quorum, wish: QuorumWish, store: StoreRules): readonly Problem[] {
  const tooLarge = rangeProblems(quorum)
  if (tooLarge.length > 0) return tooLarge
  if (store.consistency === 'linearizable') return linearizableProblems(quorum, store)
  if (quorum.allowStale) return []
  if (quorum.w < store.w) return [weakerWritesProblem(quorum, store)]
  const least = { ...quorum, w: store.w }
  if (!readsMeetWrites(least)) return [staleReadsProblem(least, wish)]
  if (!writesMeetWrites(least)) return [lostWritesProblem(least)]
  return []
}

function rangeProblems({ n, r, w }: Quorum): Problem[] {
  const range = n === 1 ? '1, for there is one replica' : `a whole number from 1 to n = ${n}`
  return Object.entries({ r, w })
    .filter(([, count]) => count > n)
    .map(([field, count]) => ({ field, expected: `${range}, not ${count}` }))
}

function weakerWritesProblem({ w }: Quorum, store: StoreRules): Problem {
  return {
    field: 'w',
    expected:
      `at least ${store.w}, the w of the store, because its other readers count on that, not ${w}: leave w out, or say ` +
      'allowStale: true if they may miss what is written here',
  }
}

/** @param quorum with the w that the store writes with, which may be less than the wish says */
function staleReadsProblem(quorum: Quorum, wish: QuorumWish): Problem {
  const { n, r, w } = quorum
  const ofStore = wish.w !== undefined && wish.w > w ? ', with which the store itself writes,' : ''
  return {
    field: wish.r === undefined && wish.w !== undefined ? 'w' : 'r',
    expected:
      `r + w > n, so that every read meets every acknowledged write, but r = ${r} and w = ${w}${ofStore} make ${r + w}, ` +
      `and n = ${n}: say ${remedy(quorum)}, or allowStale: true if reads may miss acknowledged writes`,
  }
}

function lostWritesProblem({ n, w }: Quorum): Problem {
  return {
    field: 'w',
    expected:
      `2w > n, so that every two writes meet at a replica and none is lost to a slow clock, but w = ${w} and ` +
      `n = ${n}: say w: ${majority(n)}, or allowStale: true if acknowledged writes may be lost`,
  }
}

/** The smallest change that makes reads meet writes, and writes each other. */
function remedy(quorum: Quorum): string {
  const { n, w } = quorum
  return writesMeetWrites(quorum) ? `r: ${n - w + 1}` : `r: ${n - majority(n) + 1} and w: ${majority(n)}`
}

function linearizableProblems(quorum: Quorum, store: StoreRules): Problem[] {
  const { n, r, w } = quorum
  const least = { n, r, w: store.w }
  if (w >= store.w && readsMeetWrites(least) && writesMeetWrites(least)) return []
  const needed = w < store.w ? `w >= ${store.w}, the w of the store` : 'r + w > n and 2w > n'
  const written = w > store.w ? `w = ${store.w} of the store` : `w = ${w}`
  return [
    {
      field: 'consistency',
      expected: `'quorum' with r = ${r}, ${written} and n = ${n}, because 'linearizable' needs ${needed}, whatever allowStale says`,
    },
  ]
}
