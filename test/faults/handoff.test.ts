import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { QuorumEvent } from '../../src/events.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { type Backend, postgresBackend, redisBackend, sqliteBackend } from './backends.ts'
import { differencesBetween } from './contents.ts'
import { Workload } from './workload.ts'

const options = { sweepEveryMs: 0 }
const missed = Array.from({ length: 1_000 }, (_, index) => ({ key: `missed ${index}`, value: `value ${index}` }))

describe.each([
  { name: 'Redis', index: 0 },
  { name: 'PostgreSQL', index: 1 },
])('$name, when it was killed for a while under load', ({ index }) => {
  let backends: readonly Backend[]
  let store: KeyvQuorum
  let events: QuorumEvent[]
  beforeEach(async () => {
    backends = await Promise.all([redisBackend(true), postgresBackend(), sqliteBackend()])
    events = []
    store = await openStore()
    store.on('event', (event) => void events.push(event))
    onTestFinished(async () => {
      await store.disconnect()
      await Promise.all(backends.map((backend) => backend.close()))
    })
  })

  it('is given what it missed without any read of it, and without a sweep', async () => {
    await missAll()
    await backends[index]?.start()
    await waitUntil(() => handedOver() >= missed.length && store.replicas[index]?.hints === 0, { what: 'the handoff' })
    await store.repairsDone()
    expect(events.filter(({ type }) => type === 'sweep-began' || type === 'needs-sweep')).toEqual([])
    const witnesses = backends.map((backend) => backend.open())
    expect(await differencesBetween(witnesses, Date.now())).toEqual([])
    await Promise.all(witnesses.map((witness) => witness.close()))
  })

  it('is on record as in need of a sweep, when the store is closed before it is back', async () => {
    await missAll()
    const { id, hints } = store.replicas[index] ?? { id: '', hints: 0 }
    await store.disconnect()
    // Repairs may have been dropped too, while it was down.
    const dropped = events.filter((event) => event.type === 'dropped' && event.work === 'hint')
    expect(dropped).toMatchObject([{ work: 'hint', replica: id, count: hints, reason: 'the store was closed' }])
    await backends[index]?.start()
    const next = await openStore()
    expect(next.replicas.find((replica) => replica.id === id)?.needsSweep).toBe(
      `${hints} hints were left when a store was closed`,
    )
    await next.sweep()
    expect(next.replicas.find((replica) => replica.id === id)?.needsSweep).toBe(null)
    await next.disconnect()
  })

  async function openStore(): Promise<KeyvQuorum> {
    const opened = new KeyvQuorum(
      backends.map((backend) => backend.open()),
      options,
    )
    await opened.check()
    return opened
  }

  /** While others write and read, 1,000 keys are written that it does not get, and nobody reads. */
  async function missAll(): Promise<void> {
    const load = new Workload(store, 8)
    await load.answered(200)
    await backends[index]?.stop()
    await store.setMany(missed)
    await load.answered(200)
    expect(await load.finish()).toMatchObject({ failures: [], lostWrites: [] })
    await store.repairsDone()
    expect(store.replicas[index]?.hints).toBeGreaterThanOrEqual(missed.length)
  }

  function handedOver(): number {
    const counts = events.map((event) => (event.type === 'handoff' ? event.keys : 0))
    return counts.reduce((sum, count) => sum + count, 0)
  }
})
