import { inRange, keyHash } from '../../core/hash.ts'
import { searchQuorum } from '../../core/quorum.ts'
import type { ChangesStep } from '../../replica.ts'
import type { SweepContext } from './sweep-context.ts'
import { bytesOf } from './tally.ts'

export interface ChangedKeys {
  readonly keys: ReadonlySet<string>
  /** Why they cannot be all, so that only a full sweep will do; null when they are. */
  readonly needsFull: string | null
  /** See {@link logPositions}. */
  readonly positions: ReadonlyMap<string, string>
}

/**
 * Where the logs of changes of all who take part end now, by replica; empty for one that has no log. A replica that is
 * in the positions of a sweep took part in it.
 */
export async function logPositions(context: SweepContext): Promise<Map<string, string>> {
  const { attendance } = context
  const positions = new Map<string, string>()
  await attendance.eachAtOnce(async (member) => {
    let position = ''
    for await (const step of changesOf(context, member, null)) {
      position = step.position
      // There is one step, and an earlier position would do no harm: who gives more is not waited for.
      break
    }
    positions.set(attendance.idOf(member), position)
  })
  return positions
}

/**
 * The keys that were put since the positions of the last sweep. What was acknowledged since is in the logs of w replicas, so
 * it is among them as soon as n - w + 1 full replicas have a log that reaches back.
 */
export async function changedKeys(context: SweepContext): Promise<ChangedKeys> {
  const { attendance, plan, limits } = context
  const keys = new Set<string>()
  const positions = await logPositions(context)
  const complete: number[] = []
  await attendance.eachAtOnce(async (member) => {
    const id = attendance.idOf(member)
    const after = plan.positions.get(id) ?? ''
    if (after === '') return
    let isGapless = true
    for await (const step of changesOf(context, member, after)) {
      isGapless &&= step.isGap !== true
      addKeys(context, keys, step.keys)
      if (!isGapless || keys.size > limits.changedKeysMax) break
    }
    if (isGapless) complete.push(member)
  })
  for (const id of positions.keys()) if (!plan.positions.has(id)) positions.delete(id)
  return { keys, positions, needsFull: whyFull(context, keys.size, complete) }
}

function whyFull(
  { attendance, parts, limits }: SweepContext,
  keys: number,
  complete: readonly number[],
): string | null {
  if (keys > limits.changedKeysMax) return `more than ${limits.changedKeysMax} keys were put since the last sweep`
  const needed = searchQuorum(parts.n, parts.w)
  const counting = complete.filter((member) => attendance.isPresent(member) && attendance.isFull(member)).length
  if (counting >= needed) return null
  return `${counting} full replicas have a log of changes that reaches back to the last sweep, and ${needed} are needed`
}

function addKeys({ range }: SweepContext, keys: Set<string>, changed: readonly string[]): void {
  for (const key of changed) if (inRange(keyHash(key), range)) keys.add(key)
}

async function* changesOf(
  { attendance, parts, tally, pace, signal }: SweepContext,
  member: number,
  after: string | null,
): AsyncGenerator<ChangesStep> {
  if (parts.members[member]?.replica.changes === undefined) return
  const options = { stepTimeoutMs: parts.callTimeoutMs, ...(signal && { signal }) }
  for await (const step of attendance.walk(member, (replica) => replica.changes?.(after, options) ?? noSteps())) {
    tally.add(member, 'bytes', bytesOf(step.keys))
    await pace.take(step.keys.length)
    yield step
  }
}

async function* noSteps(): AsyncGenerator<never> {}
