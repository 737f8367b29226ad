import { env } from 'node:process'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { QuorumEvent } from '../../src/events.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { type Backend, redisBackend } from './backends.ts'
import { differencesBetween } from './contents.ts'
import { Workload } from './workload.ts'

const keysCount = Number(env.KEYV_QUORUM_RESTART_KEYS ?? 20_000)
const batchKeys = 1_000
const operationsUnderFault = 500
const fullWithinMs = 30_000

describe('three Redis without persistence, under load', () => {
  let backends: readonly Backend[]
  let store: KeyvQuorum
  let events: QuorumEvent[]
  beforeEach(async () => {
    backends = await Promise.all([redisBackend(false), redisBackend(false), redisBackend(false)])
    store = new KeyvQuorum(
      backends.map((backend) => backend.open()),
      { sweepEveryMs: 0 },
    )
    events = []
    store.on('event', (event) => void events.push(event))
    onTestFinished(async () => {
      await store.disconnect()
      await Promise.all(backends.map((backend) => backend.close()))
    })
  })

  it('one that is restarted empty is full again in 30 s: no operation fails, no acknowledged write is missed', async () => {
    await fill(store)
    const load = new Workload(store, 16)
    await load.answered(operationsUnderFault)
    await restartEmpty(0)
    await load.answered(operationsUnderFault)
    expect(await load.finish()).toMatchObject({ failures: [], lostWrites: [] })
    await expectSame()
  })

  it('nothing is lost when they are restarted one after the other, each when the one before is full', async () => {
    await fill(store)
    const load = new Workload(store, 16)
    for (const index of backends.keys()) {
      await load.answered(operationsUnderFault)
      await restartEmpty(index)
    }
    await load.answered(operationsUnderFault)
    expect(await load.finish()).toMatchObject({ failures: [], lostWrites: [] })
    await expectSame()
  })

  it('all at once heal by themselves, say that data may be lost, and work again', async () => {
    await fill(store)
    await Promise.all(backends.map((backend) => backend.stop()))
    await Promise.all(backends.map((backend) => backend.startEmpty()))
    // Someone has to ask for the failure to be noticed; whether that gets an answer yet is not the question.
    await store.get('anything').catch(() => undefined)
    const isWell = () => store.replicas.every(({ condition, standing }) => condition === 'up' && standing === 'full')
    await waitUntil(() => has('data-may-be-lost') && isWell(), { what: 'all to be full', timeoutMs: fullWithinMs })
    const load = new Workload(store, 16)
    await load.answered(operationsUnderFault)
    expect(await load.finish()).toMatchObject({ failures: [], lostWrites: [] })
  })

  /** Resolves when it is full again. */
  async function restartEmpty(index: number): Promise<void> {
    const { id } = store.replicas[index] ?? { id: '' }
    const seen = events.length
    await backends[index]?.startEmpty()
    const isFull = () => events.slice(seen).some((event) => event.type === 'replica-full' && event.replica === id)
    await waitUntil(isFull, { what: `${id} to be full again`, timeoutMs: fullWithinMs })
  }

  /** What the load left, and what was there before it, is the same everywhere: what nobody touched, too. */
  async function expectSame(): Promise<void> {
    await waitUntil(() => store.replicas.every(({ hints }) => hints === 0), { what: 'all to be handed over' })
    await store.repairsDone()
    const witnesses = backends.map((backend) => backend.open())
    expect(await differencesBetween(witnesses, Date.now())).toEqual([])
    await Promise.all(witnesses.map((witness) => witness.close()))
    expect(await misread(store)).toEqual([])
  }

  function has(type: QuorumEvent['type']): boolean {
    return events.some((event) => event.type === type)
  }
})

function batches(): readonly (readonly string[])[] {
  return Array.from({ length: keysCount / batchKeys }, (_, batch) =>
    Array.from({ length: batchKeys }, (_, index) => `untouched ${batch * batchKeys + index}`),
  )
}

/** With keys that nobody touches afterwards. */
async function fill(store: KeyvQuorum): Promise<void> {
  for (const keys of batches()) await store.setMany(keys.map((key) => ({ key, value: `value of ${key}` })))
}

async function misread(store: KeyvQuorum): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const keys of batches()) {
    const answers = await store.getMany(keys)
    wrong.push(...keys.filter((key, index) => answers[index] !== `value of ${key}`))
  }
  return wrong.slice(0, 10)
}
