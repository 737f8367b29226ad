import { describe, expect, it } from 'vitest'
import type { Replica } from '../../src/replica.ts'
import type { ConformanceSubject } from '../conformance/subject.ts'
import { failingCases } from './memory/failing-cases.ts'
import { PretendServer } from './memory/pretend-server.ts'

type Lie = (honest: Replica, server: PretendServer) => Partial<Replica>

function subjectOf(keepsData: boolean, lie: Lie): ConformanceSubject {
  const server = new PretendServer(keepsData)
  return {
    name: 'planted',
    guarantees: { putIfNewer: 'atomic', sharedBy: 'process', backend: 'pretended' },
    open: () => {
      const honest = server.connect()
      return { ...honest, ...lie(honest, server) }
    },
    wipe: async () => server.wipe(),
    server,
  }
}

const lies: readonly (readonly [name: string, keepsData: boolean, lie: Lie, caught: string])[] = [
  [
    'a failure as a miss',
    true,
    failsAsMiss,
    'a killed server: makes every call reject, and is back when it is started',
  ],
  [
    'a time-out as a miss',
    true,
    failsAsMiss,
    'a frozen server: makes every call reject with TIMEOUT, and answers again after it thaws',
  ],
  [
    'a refused write that is queued',
    true,
    queuesWhileDown,
    'a killed server: never gets a write later that was refused as UNAVAILABLE',
  ],
  [
    'a queued write that lands on newer data',
    true,
    overtakes,
    'a frozen server: applies a write that timed out only where it is newer',
  ],
  ['a broken scan as complete', true, endsEarly, 'a killed server: makes a scan under way reject'],
  [
    'the same lineage after a loss',
    false,
    keepsLineage,
    'a killed server: makes every call reject, and is back when it is started',
  ],
  [
    'the emptiness of a server that lost its data',
    false,
    asksAgain,
    'a killed server: that is back without its data gives no answer before it gave another lineage',
  ],
]

describe('the conformance suite with a server', () => {
  it.each([true, false])('passes an honest replica (server keeps data: %s)', async (keepsData) => {
    expect(await failingCases(subjectOf(keepsData, () => ({})))).toEqual([])
  })

  it.each(lies)('catches %s', async (_name, keepsData, lie, caught) => {
    const [group] = caught.split(':')
    expect(await failingCases(subjectOf(keepsData, lie), group)).toContain(caught)
  })
})

function failsAsMiss(honest: Replica): Partial<Replica> {
  return { getMany: (keys, options) => honest.getMany(keys, options).catch(() => keys.map(() => null)) }
}

function queuesWhileDown(honest: Replica, server: PretendServer): Partial<Replica> {
  return {
    async putManyIfNewer(entries, options) {
      if (server.state === 'down') void server.data.putManyIfNewer(entries, options)
      return await honest.putManyIfNewer(entries, options)
    },
  }
}

function overtakes(honest: Replica, server: PretendServer): Partial<Replica> {
  let late: (() => Promise<unknown>) | undefined
  return {
    async putManyIfNewer(entries, options) {
      if (server.state === 'frozen') late = () => server.data.putManyIfNewer(entries, options)
      return await honest.putManyIfNewer(entries, options)
    },
    async getMany(keys, options) {
      const heads = await honest.getVersions(keys, options)
      if (late !== undefined && server.state === 'up') {
        await server.data.purgeMany(
          heads.filter((head) => head !== null && head.kind !== 'corrupt'),
          options,
        )
        await late()
        late = undefined
      }
      return await honest.getMany(keys, options)
    },
  }
}

function endsEarly(honest: Replica): Partial<Replica> {
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

function keepsLineage(honest: Replica): Partial<Replica> {
  return { lineage: (options) => honest.lineage(options).then(() => 'the same') }
}

/** As drivers do that try again behind the caller's back. */
function asksAgain(honest: Replica): Partial<Replica> {
  return { getMany: (keys, options) => honest.getMany(keys, options).catch(() => honest.getMany(keys, options)) }
}
