import { describe, expect, it } from 'vitest'
import { addDigest, addSum, bucketOf } from '../../src/core/digest.ts'
import { keyHash } from '../../src/core/hash.ts'
import type { ChangesStep, DigestStep, Replica } from '../../src/replica.ts'
import { systemRuntime } from '../../src/runtime.ts'
import type { ConformanceSubject } from '../conformance/subject.ts'
import { ScriptedReplica } from '../support/scripted-replica.ts'
import { ScriptedStore } from '../support/scripted-store.ts'
import { failingCases } from './memory/failing-cases.ts'

/** A replica in memory, whose data can be lost behind its back, with a part replaced by one that breaks the contract. */
type Lie = (honest: ScriptedReplica) => Partial<Replica>

const guarantees = { putIfNewer: 'atomic', sharedBy: 'process', backend: 'scripted' } as const

function subjectOf(lie: Lie): ConformanceSubject {
  let store = new ScriptedStore('0')
  let wipes = 0
  return {
    name: 'planted',
    guarantees,
    open: () => lying(new ScriptedReplica('A', systemRuntime.timers, { store, guarantees }), lie),
    wipe: async () => {
      store.lose()
      store = new ScriptedStore(String(++wipes))
    },
    loseData: async () => store.lose(),
  }
}

/** Methods of a class do not come along with a spread. */
function lying(honest: ScriptedReplica, lie: Lie): Replica {
  const lies = lie(honest)
  return new Proxy<Replica>(honest, {
    get: (_target, name) => {
      if (Object.hasOwn(lies, name)) return Reflect.get(lies, name)
      const member = Reflect.get(honest, name)
      return typeof member === 'function' ? member.bind(honest) : member
    },
  })
}

const digest = 'digest, where the replica has it'
const changes = 'changes, where the replica has them'
const loss = 'after all data was lost behind an open connection'
const filtered = 'a filtered scan'
const sumsAll = 'sums what a scan finds: values, expired values and tombstones, replaced ones and purged ones'

const lies: readonly (readonly [name: string, lie: Lie, group: string, caught: string])[] = [
  ['a digest without one record', digestLeavesOutOne, digest, sumsAll],
  ['a digest without tombstones', digestLeavesOutDead, digest, sumsAll],
  ['a digest of everything for every range', digestIgnoresRange, digest, 'sums no more and no less than the range'],
  ['a digest with what is retired', digestIgnoresRetirement, digest, 'leaves out what is retired, to the ms'],
  ['a digest in one step', digestInOneStep, digest, 'looks at no more than 20000 records a step'],
  ['an ended digest when it broke', digestSwallowsErrors, digest, 'rejects when the replica is closed'],
  ['changes without one key', changesMissOne, changes, 'are every key that was stored after a position'],
  ['changes without the last key of a step', changesMissLast, changes, 'can be gone on with from each step'],
  [
    'changes from the position of now',
    changesForgetPosition,
    changes,
    'are never missed while several connections write',
  ],
  ['keys that are folded', changesFoldCase, changes, 'give keys as they are, whatever they hold'],
  ['a lineage that stays after all was lost', lineageStays, loss, calledAfterLoss('getMany')],
  ['that nothing was lost, to readers', readsUnvouched, loss, calledAfterLoss('getMany')],
  ['that nothing was lost, to writers', putsUnvouched, loss, calledAfterLoss('putManyIfNewer')],
  ['that nothing was stored', storesAndRefuses, loss, calledAfterLoss('putManyIfNewer')],
  ['that a log which was lost has no gap', changesHideGaps, loss, 'changes after an earlier position begin with a gap'],
  ['a scan of some of the buckets', scanMissesBucket, filtered, 'gives at least every record of the buckets'],
  ['a scan of some that are retired', scanMissesRetired, filtered, 'gives at least every record that is retired'],
]

describe('the conformance suite', () => {
  it('passes an honest replica', async () => {
    expect(await failingCases(subjectOf(() => ({})))).toEqual([])
  })

  it.each(lies)('catches %s', async (_name, lie, group, caught) => {
    expect(await failingCases(subjectOf(lie), group)).toContain(`${group}: ${caught}`)
  })
})

function calledAfterLoss(name: string): string {
  return `${name} rejects, until the lineage is asked, which is another`
}

function digestLeavesOutOne(honest: ScriptedReplica): Partial<Replica> {
  return {
    async *digest(...given) {
      for await (const step of digestOf(honest, ...given)) {
        const [key] = honest.store.keys
        const [head] = honest.store.heads({ from: keyHash(key ?? ''), to: keyHash(key ?? '') + 1 })
        if (step.sums !== null && head !== undefined) {
          addSum(step.sums, bucketOf(keyHash(head.key)), 2 ** 32 - Number(head.checksum))
        }
        yield step
      }
    },
  }
}

function digestLeavesOutDead(honest: ScriptedReplica): Partial<Replica> {
  return {
    digest: (range, options) =>
      digestOf(honest, range, { ...options, retirement: { ...options.retirement, diedUntilMs: Date.now() } }),
  }
}

function digestIgnoresRange(honest: ScriptedReplica): Partial<Replica> {
  return { digest: (_range, options) => digestOf(honest, { from: 0, to: 2 ** 32 }, options) }
}

function digestIgnoresRetirement(honest: ScriptedReplica): Partial<Replica> {
  const retirement = { retainedUntilMs: 0, diedUntilMs: -1 }
  return { digest: (range, options) => digestOf(honest, range, { ...options, retirement }) }
}

function digestInOneStep(honest: ScriptedReplica): Partial<Replica> {
  return {
    async *digest(...given) {
      const whole = { records: 0, sums: honest.store.digestOf([], { retainedUntilMs: 0, diedUntilMs: -1 }) }
      for await (const { records, sums } of digestOf(honest, ...given)) {
        whole.records += records
        if (sums !== null) addDigest(whole.sums, sums)
      }
      yield whole
    },
  }
}

function digestSwallowsErrors(honest: ScriptedReplica): Partial<Replica> {
  return {
    async *digest(...given) {
      try {
        yield* digestOf(honest, ...given)
      } catch {
        // As iterators do that emit the error and end.
      }
    },
  }
}

function changesMissOne(honest: ScriptedReplica): Partial<Replica> {
  return changedSteps(honest, (step) => ({ ...step, keys: step.keys.filter((key) => !key.endsWith('deleted 17')) }))
}

function changesMissLast(honest: ScriptedReplica): Partial<Replica> {
  honest.store.log.stepKeysMax = 100
  return changedSteps(honest, (step) => (step.keys.length < 100 ? step : { ...step, keys: step.keys.slice(0, -1) }))
}

/** As a log does whose entries get their numbers before they can be seen. */
function changesForgetPosition(honest: ScriptedReplica): Partial<Replica> {
  return {
    async *changes(after, options) {
      for await (const step of changesOf(honest, after, options)) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        const now = honest.store.log.stepsAfter(null)
        yield { ...step, position: now[0]?.position ?? step.position }
      }
    },
  }
}

function changesFoldCase(honest: ScriptedReplica): Partial<Replica> {
  return changedSteps(honest, (step) => ({ ...step, keys: step.keys.map((key) => key.toLowerCase()) }))
}

function changesHideGaps(honest: ScriptedReplica): Partial<Replica> {
  return changedSteps(honest, ({ keys, position }) => ({ keys, position }))
}

function lineageStays(honest: ScriptedReplica): Partial<Replica> {
  return {
    lineage: async (options) => {
      await honest.lineage(options)
      return 'the same'
    },
  }
}

function readsUnvouched(honest: ScriptedReplica): Partial<Replica> {
  return { getMany: async (keys) => keys.map((key) => honest.store.get(key)) }
}

function putsUnvouched(honest: ScriptedReplica): Partial<Replica> {
  return { putManyIfNewer: async (entries) => entries.map((entry) => honest.store.put(entry)) }
}

function storesAndRefuses(honest: ScriptedReplica): Partial<Replica> {
  return {
    putManyIfNewer: (entries, options) =>
      honest.putManyIfNewer(entries, options).catch((error: unknown) => {
        for (const entry of entries) honest.store.put(entry)
        throw error
      }),
  }
}

function scanMissesBucket(honest: ScriptedReplica): Partial<Replica> {
  return {
    scan: (range, { buckets, ...options }) =>
      honest.scan(range, buckets === undefined ? options : { ...options, buckets: buckets.slice(1) }),
  }
}

/** What is retired by both times is not all that is retired. */
function scanMissesRetired(honest: ScriptedReplica): Partial<Replica> {
  return {
    async *scan(range, options) {
      const { retired } = options
      for await (const page of honest.scan(range, options)) {
        yield retired === undefined
          ? page
          : page.filter(({ retainUntilMs }) => retainUntilMs <= retired.retainedUntilMs)
      }
    },
  }
}

function changedSteps(honest: ScriptedReplica, change: (step: ChangesStep) => ChangesStep): Partial<Replica> {
  return {
    async *changes(...given) {
      for await (const step of changesOf(honest, ...given)) yield change(step)
    },
  }
}

function digestOf(
  honest: ScriptedReplica,
  ...given: Parameters<NonNullable<Replica['digest']>>
): AsyncIterable<DigestStep> {
  return honest.digest?.(...given) ?? missing()
}

function changesOf(
  honest: ScriptedReplica,
  ...given: Parameters<NonNullable<Replica['changes']>>
): AsyncIterable<ChangesStep> {
  return honest.changes?.(...given) ?? missing()
}

function missing(): never {
  throw new Error('the scripted replica has all optional methods')
}
