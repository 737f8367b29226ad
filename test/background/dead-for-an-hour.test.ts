import { describe, expect, test } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { resolveOptions } from '../../src/config.ts'
import { Engine } from '../../src/engine.ts'
import { ReplicaError } from '../../src/errors.ts'
import { QuorumView } from '../../src/quorum-view.ts'
import type { Entry, PutOutcome, Replica } from '../../src/replica.ts'
import { decorate } from '../../src/wrap/decorate.ts'
import { heapBytes } from '../support/heap-bytes.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

/** What the store may take, of what the process takes in all. */
const heapMaxBytes = 200_000_000
/** Every key is new, so that every write is another one to remember. */
const writesPerSecond = 300
const readsPerSecond = 100
const sampledEverySeconds = 300
/** An hour takes some seconds here, and longer on a busy machine. */
const timeoutMs = 400_000

/** Takes every write of the load and forgets it at once, so that what is held is the store's own. */
function forgetful(id: string): Replica {
  const memory = memoryReplica({ id })
  const isOfLoad = (key: string) => key.includes('load:')
  return {
    ...decorate(memory, (_call, _size, options, run) => run(options)),
    async putManyIfNewer(entries, options) {
      const kept = entries.filter(({ record }) => !isOfLoad(record.key))
      const outcomes = kept.length === 0 ? [] : await memory.putManyIfNewer(kept, options)
      const outcomeOf = new Map(kept.map((entry, index) => [entry, outcomes[index]]))
      return entries.map((entry) => outcomeOf.get(entry) ?? storedAs(entry))
    },
  }
}

function storedAs({ record: { retainUntilMs } }: Entry): PutOutcome {
  return { status: 'stored', retainUntilMs, replaced: null }
}

/** How the third replica is dead in this second. */
type Death = (second: number) => 'refuses' | 'hangs' | 'answers'

function mortal(id: string, deathNow: () => ReturnType<Death>): Replica {
  return decorate(forgetful(id), (_call, _size, options, run) => {
    const death = deathNow()
    if (death === 'answers') return run(options)
    if (death === 'hangs') return new Promise(() => undefined)
    return Promise.reject(new ReplicaError('UNAVAILABLE', 'nobody is there', { replica: id }))
  })
}

const deaths: Readonly<Record<string, Death>> = {
  'refuses every call': () => 'refuses',
  'never answers': () => 'hangs',
  'answers for a second now and then': (second) => (second % 40 === 39 ? 'answers' : 'hangs'),
}

describe('a replica is dead for an hour under load', () => {
  test.each(Object.keys(deaths))(
    'and %s: no operation fails, and memory stays bounded',
    async (name) => {
      const { heapMax, failures, hintsMax, open } = await anHour(deaths[name] ?? (() => 'refuses'))
      expect({ failures, open }).toEqual({ failures: 0, open: 0 })
      expect(hintsMax).toBeGreaterThan(10_000)
      expect(hintsMax).toBeLessThanOrEqual(100_000)
      expect(heapMax).toBeLessThan(heapMaxBytes)
    },
    timeoutMs,
  )
})

async function anHour(death: Death) {
  const time = new SimulatedTime(1_000_000)
  let second = 0
  const replicas = [forgetful('A'), forgetful('B'), mortal('C', () => death(second))]
  const options = { keyv: 6, singleProcess: true, sweepEveryMs: 0, deadlineMs: 5_000 } as const
  const engine = new Engine(
    replicas,
    resolveOptions(options, replicas),
    time.runtime({ random: seededRandom(7) }),
    options,
  )
  const view = new QuorumView(engine, () => engine.options)
  const payload = 'v'.repeat(1_000)
  const beforeBytes = heapBytes()
  let heapMax = 0
  let hintsMax = 0
  let failures = 0
  let open = 0
  for (; second < 3_600; second += 1) {
    const writes = Array.from({ length: writesPerSecond }, (_, index) => view.set(`load:${second}:${index}`, payload))
    const reads = Array.from({ length: readsPerSecond }, (_, index) => view.get(`load:${second}:${index}`))
    for (const call of [...writes, ...reads]) {
      call.then(
        () => (open -= 1),
        () => (failures += 1),
      )
    }
    open += writes.length + reads.length
    await time.advance(1_000)
    hintsMax = Math.max(hintsMax, ...engine.replicas.map(({ hints }) => hints))
    if (second % sampledEverySeconds === sampledEverySeconds - 1) heapMax = Math.max(heapMax, heapBytes() - beforeBytes)
  }
  await time.advance(options.deadlineMs)
  return { heapMax, failures, hintsMax, open }
}
