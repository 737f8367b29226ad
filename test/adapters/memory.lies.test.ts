import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import type { VersionedRecord } from '../../src/core/record.ts'
import { compareRecords } from '../../src/core/resolve.ts'
import type { CallOptions, PutOutcome, Replica, ScanOptions } from '../../src/replica.ts'
import type { ConformanceSubject } from '../conformance/subject.ts'
import { failingCases } from './memory/failing-cases.ts'

/** A memory replica in which a part is replaced by one that breaks the contract. */
type Lie = (honest: Replica) => Partial<Replica>

function subjectOf(lie: Lie): ConformanceSubject {
  const lying = () => {
    const honest = memoryReplica({ id: 'memory' })
    return { ...honest, ...lie(honest) }
  }
  let replica = lying()
  return {
    name: 'planted',
    guarantees: { putIfNewer: 'atomic', sharedBy: 'process', backend: 'memory' },
    open: () => replica,
    wipe: async () => {
      await replica.close()
      replica = lying()
    },
  }
}

const lies: readonly (readonly [name: string, lie: Lie, caught: string])[] = [
  ['another guarantee than the subject', statesRacy, 'answers: states the guarantees that the subject states'],
  [
    'read, compare and write as atomic',
    readsThenWrites,
    'concurrent puts: of 8 connections are atomic, and reads never go back',
  ],
  [
    'read, compare and write as atomic',
    readsThenWrites,
    'concurrent puts: of the same record by 8 connections store it once',
  ],
  ['read and delete as a purge', readsThenPurges, 'purge: never destroys a newer record that is put meanwhile'],
  ['a purge of any version', purgesAnyVersion, 'purge: leaves an older or a newer record alone'],
  ['UTF-16 order as the order of bytes', ordersByUnits, 'order of records: astral characters are above all others'],
  [
    'a put that forgets the retention it replaces',
    forgetsRetention,
    'retention: a record that replaces another keeps the longer retention',
  ],
  ['that an expired value is absent', dropsExpired, 'retention: expired values are kept and read'],
  ['that payloads come back, trimmed', trimsPayloads, 'keys and payloads: payloads come back as they were'],
  [
    'keys that are normalised as different',
    normalisesKeys,
    'keys and payloads: odd keys of odd namespaces are all different keys',
  ],
  ['an order of its own', sortsAnswers, 'answers: answers come in the order of the request'],
  ['that an error is an absent key', swallowsClosed, 'close: makes every later call reject with CLOSED'],
  [
    'that a scan is complete after its first page',
    scansOnePage,
    'scan: finds all that is held throughout while others write',
  ],
  ['that a broken scan has ended', scanSwallowsAbort, 'scan: rejects when it is aborted'],
  ['a page of any size', scanIgnoresPageSize, 'scan: gives pages no larger than asked for'],
  ['that a prefix is a LIKE pattern', scanByPattern, 'scan: takes a key prefix literally'],
  [
    'live records only in a scan',
    scanSkipsTombstones,
    'scan: gives the heads of values, expired values and tombstones',
  ],
  [
    'one lineage for ever',
    constantLineage,
    'lineage: changes when the data is lost, also for a connection that was open',
  ],
  ['a new lineage at every call', restlessLineage, 'lineage: stays the same across calls, writes and connections'],
]

describe('the conformance suite', () => {
  it('passes an honest replica', async () => {
    expect(await failingCases(subjectOf(() => ({})))).toEqual([])
  })

  it('faults a replica that is right but not atomic only where there is a race', async () => {
    const failing = await failingCases(subjectOf(readsThenWrites))
    expect(failing.filter((name) => !/^(concurrent puts|purge): /.test(name))).toEqual([])
  })

  it.each(lies)('catches %s', async (_name, lie, caught) => {
    expect(await failingCases(subjectOf(lie))).toContain(caught)
  })
})

function statesRacy(honest: Replica): Partial<Replica> {
  return { guarantees: { ...honest.guarantees, putIfNewer: 'racy' } }
}

function readsThenWrites(honest: Replica): Partial<Replica> {
  const overwrite = async (record: VersionedRecord, options: CallOptions) => {
    await honest.purgeMany(await currentHeads(honest, [record.key]), options)
    await honest.putManyIfNewer([{ record }], options)
  }
  return {
    async putManyIfNewer(entries, options) {
      const held = await honest.getMany(
        entries.map(({ record }) => record.key),
        options,
      )
      await setImmediate()
      const outcomes: PutOutcome[] = []
      for (const [index, { record }] of entries.entries()) {
        const outcome = outcomeOf(record, held[index] as VersionedRecord | null)
        outcomes.push(outcome)
        if (outcome.status !== 'superseded') {
          await overwrite({ ...record, retainUntilMs: outcome.retainUntilMs }, options)
        }
      }
      return outcomes
    },
  }
}

function outcomeOf(record: VersionedRecord, held: VersionedRecord | null): PutOutcome {
  if (held === null) return { status: 'stored', retainUntilMs: record.retainUntilMs, replaced: null }
  const { key: _key, payload: _payload, ...replaced } = held
  const order = compareRecords(record, held)
  if (order < 0) return { status: 'superseded', by: replaced }
  const retainUntilMs = Math.max(record.retainUntilMs, held.retainUntilMs)
  return order === 0 ? { status: 'held', retainUntilMs } : { status: 'stored', retainUntilMs, replaced }
}

function readsThenPurges(honest: Replica): Partial<Replica> {
  return {
    async purgeMany(heads, options) {
      const held = await honest.getVersions(
        heads.map(({ key }) => key),
        options,
      )
      await setImmediate()
      const matching = heads.filter((head, index) => {
        const answer = held[index]
        return answer && answer.kind !== 'corrupt' && answer.version === head.version
      })
      await honest.purgeMany(
        await currentHeads(
          honest,
          matching.map(({ key }) => key),
        ),
        options,
      )
      return heads.map((head) => matching.includes(head))
    },
  }
}

function purgesAnyVersion(honest: Replica): Partial<Replica> {
  return {
    async purgeMany(heads, options) {
      const current = await currentHeads(
        honest,
        heads.map(({ key }) => key),
      )
      return await honest.purgeMany(current, options)
    },
  }
}

function ordersByUnits(honest: Replica): Partial<Replica> {
  return {
    async putManyIfNewer(entries, options) {
      const [entry] = entries
      const [held] = await honest.getMany(
        entries.map(({ record }) => record.key),
        options,
      )
      if (
        entry &&
        held?.kind === 'value' &&
        held.version === entry.record.version &&
        entry.record.payload < held.payload
      ) {
        return [{ status: 'superseded', by: held }]
      }
      return await honest.putManyIfNewer(entries, options)
    },
  }
}

function forgetsRetention(honest: Replica): Partial<Replica> {
  return {
    async putManyIfNewer(entries, options) {
      const outcomes = await honest.putManyIfNewer(entries, options)
      return outcomes.map((outcome, index) =>
        outcome.status === 'stored'
          ? { ...outcome, retainUntilMs: entries[index]?.record.retainUntilMs ?? 0 }
          : outcome,
      )
    },
  }
}

function dropsExpired(honest: Replica): Partial<Replica> {
  return {
    async getMany(keys, options) {
      const answers = await honest.getMany(keys, options)
      return answers.map((answer) => (answer?.kind === 'value' && answer.expiresAtMs === 1 ? null : answer))
    },
  }
}

function trimsPayloads(honest: Replica): Partial<Replica> {
  return changeRecords(honest, (record) => ({ ...record, payload: record.payload.trim() }))
}

function normalisesKeys(honest: Replica): Partial<Replica> {
  return changeRecords(honest, (record) => ({ ...record, key: record.key.normalize() }))
}

function changeRecords(honest: Replica, change: (record: VersionedRecord) => VersionedRecord): Partial<Replica> {
  return {
    putManyIfNewer: (entries, options) =>
      honest.putManyIfNewer(
        entries.map((entry) => ({ ...entry, record: change(entry.record) })),
        options,
      ),
  }
}

function sortsAnswers(honest: Replica): Partial<Replica> {
  return { getMany: (keys, options) => honest.getMany(keys.toSorted(), options) }
}

function swallowsClosed(honest: Replica): Partial<Replica> {
  return { getMany: (keys, options) => honest.getMany(keys, options).catch(() => keys.map(() => null)) }
}

function scansOnePage(honest: Replica): Partial<Replica> {
  return {
    async *scan(range, options) {
      for await (const page of honest.scan(range, options)) {
        yield page
        return
      }
    },
  }
}

function scanSwallowsAbort(honest: Replica): Partial<Replica> {
  return {
    async *scan(range, options) {
      try {
        yield* honest.scan(range, options)
      } catch {
        // As iterators do that emit the error and end.
      }
    },
  }
}

function scanIgnoresPageSize(honest: Replica): Partial<Replica> {
  return { scan: (range, options) => honest.scan(range, { ...options, pageKeysMax: 1000 }) }
}

function scanByPattern(honest: Replica): Partial<Replica> {
  return {
    async *scan(range, { keyPrefix = '', ...options }: ScanOptions) {
      const pattern = new RegExp(
        `^${keyPrefix
          .replaceAll(/[[\]\\*?{}]/g, '\\$&')
          .replaceAll('%', '.*')
          .replaceAll('_', '.')}`,
      )
      for await (const page of honest.scan(range, options)) yield page.filter(({ key }) => pattern.test(key))
    },
  }
}

function scanSkipsTombstones(honest: Replica): Partial<Replica> {
  return {
    async *scan(range, options) {
      for await (const page of honest.scan(range, options)) yield page.filter(({ kind }) => kind === 'value')
    },
  }
}

function constantLineage(): Partial<Replica> {
  return { lineage: async () => 'the same' }
}

function restlessLineage(): Partial<Replica> {
  let calls = 0
  return { lineage: async () => `lineage ${++calls}` }
}

async function currentHeads(replica: Replica, keys: readonly string[]) {
  const answers = await replica.getVersions(keys, { timeoutMs: 1000 })
  return answers.filter((answer) => answer !== null && answer.kind !== 'corrupt')
}
