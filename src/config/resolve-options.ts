import { majority } from '../core/quorum.ts'
import { defaults } from './defaults.ts'
import { type QuorumOptions, readOptions } from './options.ts'
import { type Problem, throwProblems } from './problem.ts'
import { type ReplicaFacts, replicaProblems } from './replica-rules.ts'
import { mergeQuorum, type Quorum, quorumProblems, readsMeetWrites } from './resolve-quorum.ts'

/** Every option filled in, and n. */
export interface ResolvedOptions extends Readonly<Required<QuorumOptions>> {
  /** How many replicas there are. */
  readonly n: number
}

/**
 * Fills in the defaults and holds everything against the replicas there are.
 * @throws ConfigError naming all that is wrong, the options first
 */
export function resolveOptions(input: unknown, replicas: readonly ReplicaFacts[]): ResolvedOptions {
  const { value: options, problems } = readOptions(input ?? {})
  throwProblems(problems)
  const resolved = fillIn(options, replicas.length)
  throwProblems([...replicaProblems(replicas, resolved), ...combinationProblems(options, resolved, replicas)])
  return resolved
}

function fillIn(options: QuorumOptions, n: number): ResolvedOptions {
  const deadlineMs = options.deadlineMs ?? defaults.deadlineMs
  const quorum = mergeQuorum(options, { n, r: majority(n), w: majority(n), allowStale: defaults.allowStale })
  const callTimeoutMs = Math.min(defaults.callTimeoutMs, deadlineMs)
  return Object.freeze({ ...defaults, callTimeoutMs, ...options, ...quorum })
}

function combinationProblems(
  options: QuorumOptions,
  resolved: ResolvedOptions,
  replicas: readonly ReplicaFacts[],
): readonly Problem[] {
  if (resolved.n === 0) return []
  const problems = quorumProblems(resolved, options, resolved)
  if (problems.length > 0) return problems
  return [...monotonicProblems(resolved), ...racyProblems(resolved, replicas)]
}

function monotonicProblems(resolved: Quorum & Pick<ResolvedOptions, 'reads'>): Problem[] {
  if (resolved.reads !== 'monotonic' || readsMeetWrites(resolved)) return []
  const { n, r, w } = resolved
  return [
    {
      field: 'reads',
      expected: `'quorum' with r = ${r}, w = ${w} and n = ${n}, because 'monotonic' needs r + w > n, whatever allowStale says`,
    },
  ]
}

function racyProblems(resolved: ResolvedOptions, replicas: readonly ReplicaFacts[]): Problem[] {
  const racy = replicas.filter((replica) => replica.guarantees.putIfNewer === 'racy')
  if (resolved.consistency !== 'linearizable' || racy.length === 0) return []
  const names = racy.map((replica) => `${replica.id} (${replica.guarantees.backend})`).join(', ')
  return [
    {
      field: 'consistency',
      expected: `'quorum' with ${names}, because 'linearizable' needs atomic replicas, and a write there is read, compare, write`,
    },
  ]
}
