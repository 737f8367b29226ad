import type { ReplicaCall } from '../../../src/events.ts'
import type { Replica } from '../../../src/replica.ts'
import { type Lie, unspeakable } from './lies.ts'

const giant = 'x'.repeat(3_000_000)

/** A replica that does what it is asked to, and tells lies about it: each call has its own list of them, told in turn. */
export function lyingReplica(honest: Replica, lies: readonly Lie[], isLying: () => boolean): Replica {
  const told = new Map<ReplicaCall, number>()
  const nextLie = (call: ReplicaCall): Lie | undefined => {
    if (!isLying()) return undefined
    const due = lies.filter((lie) => lie.call === call)
    const count = told.get(call) ?? 0
    told.set(call, count + 1)
    // Now and then the truth, so that lies meet a replica that counts.
    return count % (due.length + 1) === due.length ? undefined : due[count % (due.length + 1)]
  }
  const answering = <Answer>(call: ReplicaCall, run: () => Promise<Answer>): Promise<Answer> => {
    const lie = nextLie(call)
    return lie === undefined ? run() : answerFalsely(lie, run)
  }
  const walking = <Step>(call: ReplicaCall, start: () => AsyncIterable<Step>): AsyncIterable<Step> => {
    const lie = nextLie(call)
    return lie === undefined ? start() : walkFalsely(lie, start)
  }
  return {
    id: honest.id,
    guarantees: honest.guarantees,
    limits: honest.limits,
    getMany: (keys, options) => answering('getMany', () => honest.getMany(keys, options)),
    getVersions: (keys, options) => answering('getVersions', () => honest.getVersions(keys, options)),
    putManyIfNewer: (entries, options) => answering('putManyIfNewer', () => honest.putManyIfNewer(entries, options)),
    purgeMany: (heads, options) => answering('purgeMany', () => honest.purgeMany(heads, options)),
    lineage: (options) => answering('lineage', () => honest.lineage(options)),
    scan: (range, options) => walking('scan', () => honest.scan(range, options)),
    digest: (range, options) => walking('digest', () => honest.digest?.(range, options) ?? nothing()),
    changes: (after, options) => walking('changes', () => honest.changes?.(after, options) ?? nothing()),
    close: () => honest.close(),
  }
}

async function* nothing(): AsyncGenerator<never> {}

function answerFalsely<Answer>(lie: Lie, run: () => Promise<Answer>): Promise<Answer> {
  if (lie.how.does === 'throw at once') throw spoken(lie.how.value)
  return run().then((answer) => distorted(answer, lie)) as Promise<Answer>
}

function walkFalsely<Step>(lie: Lie, start: () => AsyncIterable<Step>): AsyncIterable<Step> {
  if (lie.how.does === 'throw at once') throw spoken(lie.how.value)
  if (lie.how.does === 'answer' && lie.place % 2 === 0) return spoken(lie.how.value) as AsyncIterable<Step>
  return {
    async *[Symbol.asyncIterator]() {
      for await (const step of start()) yield (await distorted(step, lie)) as Step
    },
  }
}

/** @returns the lie, or a promise of it that may never come true */
function distorted(answer: unknown, { how, place }: Lie): unknown {
  switch (how.does) {
    case 'answer':
      return spoken(how.value)
    case 'throw':
    case 'throw at once':
      throw spoken(how.value)
    case 'never answer':
      return new Promise(() => undefined)
    case 'throw in a getter':
      return withEntry(answer, place, (entry) => withMember(entry, 'version', throwing))
    case 'set an entry':
      return withEntry(answer, place, () => spoken(how.value))
    case 'set a member':
      return withEntry(answer, place, (entry) => withMember(entry, how.member, () => spoken(how.value)))
    default:
      return Array.isArray(answer) ? rearranged(answer, how.does, place) : answer
  }
}

function rearranged(
  answer: readonly unknown[],
  how: 'leave one out' | 'add one' | 'turn round' | 'double',
  place: number,
) {
  if (how === 'turn round') return [...answer].reverse()
  if (how === 'double') return [...answer, ...answer]
  if (how === 'add one') return [...answer, answer[0] ?? null]
  return answer.filter((_entry, index) => index !== place % Math.max(1, answer.length))
}

function withEntry(answer: unknown, place: number, change: (entry: unknown) => unknown): unknown {
  if (!Array.isArray(answer)) return change(answer)
  const at = place % Math.max(1, answer.length)
  return answer.map((entry, index) => (index === at ? change(entry) : entry))
}

/** What is no object has no members to lie about. */
function withMember(entry: unknown, member: string, get: () => unknown): unknown {
  if (typeof entry !== 'object' || entry === null) return entry
  return Object.defineProperty({ ...entry }, member, { enumerable: true, get })
}

function throwing(): never {
  throw new Error('a getter that throws')
}

function spoken(value: unknown): unknown {
  if (value === unspeakable.giant) return giant
  if (value === unspeakable.silent) return Object.create(null)
  if (value !== unspeakable.revoked) return value
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
