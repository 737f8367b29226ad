import { majority } from './defaults.ts'
import { readFields } from './fields.ts'
import { type QuorumOptions, quorumSchema } from './options.ts'
import { type Problem, throwProblems } from './problem.ts'

/** How many answers make a quorum. */
export interface Quorum {
  readonly n: number
  readonly r: number
  readonly w: number
  readonly allowStale: boolean
}

export type QuorumWish = Pick<QuorumOptions, 'r' | 'w' | 'allowStale'>

/** What a wish leaves open is taken from here. */
export interface QuorumBase {
  readonly r: number
  readonly w: number
  readonly allowStale: boolean
  readonly consistency: 'quorum' | 'linearizable'
}

/**
 * The quorum of a store, or of a view of it for single calls.
 * @throws ConfigError when the numbers do not fit n, or are too weak and `allowStale` is not said
 */
export function resolveQuorum(n: number, wish: QuorumWish, base: QuorumBase): Quorum {
  const { value, problems } = readFields(quorumSchema, wish, {
    parent: '',
    self: 'options',
    noun: 'option of a quorum',
  })
  throwProblems(problems)
  const quorum = mergeQuorum(n, value, base)
  throwProblems(quorumProblems(quorum, value, base.consistency))
  return quorum
}

export function mergeQuorum(n: number, wish: QuorumWish, base: Omit<QuorumBase, 'consistency'>): Quorum {
  return Object.freeze({
    n,
    r: wish.r ?? base.r,
    w: wish.w ?? base.w,
    allowStale: wish.allowStale ?? base.allowStale,
  })
}

/** r + w > n: every read quorum meets every write quorum. */
export function readsMeetWrites({ n, r, w }: Omit<Quorum, 'allowStale'>): boolean {
  return r + w > n
}

/** 2w > n: every two write quorums meet. */
export function writesMeetWrites({ n, w }: Pick<Quorum, 'n' | 'w'>): boolean {
  return 2 * w > n
}

export function quorumProblems(
  quorum: Quorum,
  wish: QuorumWish,
  consistency: 'quorum' | 'linearizable',
): readonly Problem[] {
  const tooLarge = rangeProblems(quorum)
  if (tooLarge.length > 0) return tooLarge
  if (consistency === 'linearizable') return linearizableProblems(quorum)
  if (quorum.allowStale) return []
  if (!readsMeetWrites(quorum)) return [staleReadsProblem(quorum, wish)]
  if (!writesMeetWrites(quorum)) return [lostWritesProblem(quorum)]
  return []
}

function rangeProblems({ n, r, w }: Quorum): Problem[] {
  const range = n === 1 ? '1, for there is one replica' : `a whole number from 1 to n = ${n}`
  return Object.entries({ r, w })
    .filter(([, count]) => count > n)
    .map(([field, count]) => ({ field, expected: `${range}, not ${count}` }))
}

function staleReadsProblem(quorum: Quorum, wish: QuorumWish): Problem {
  const { n, r, w } = quorum
  return {
    field: wish.r === undefined && wish.w !== undefined ? 'w' : 'r',
    expected:
      `r + w > n, so that every read meets every acknowledged write, but r = ${r} and w = ${w} make ${r + w}, ` +
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

function linearizableProblems(quorum: Quorum): Problem[] {
  if (readsMeetWrites(quorum) && writesMeetWrites(quorum)) return []
  const { n, r, w } = quorum
  return [
    {
      field: 'consistency',
      expected: `'quorum' with r = ${r}, w = ${w} and n = ${n}, because 'linearizable' needs r + w > n and 2w > n, whatever allowStale says`,
    },
  ]
}
