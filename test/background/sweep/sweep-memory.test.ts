import { expect, test } from 'vitest'
import { memoryReplica } from '../../../adapters/memory/memory-replica.ts'
import { runSweep } from '../../../src/background/sweep/sweep.ts'
import { sweepLimits } from '../../../src/background/sweep/sweep-parts.ts'
import { Events } from '../../../src/events.ts'
import type { Replica } from '../../../src/replica.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { withFailureDetector } from '../../../src/wrap/detector.ts'
import { value } from './sweep-scene.ts'

const keysCount = 200_000

/** Counts the keys and whole records that are on their way, over all replicas. */
class Probe {
  keysMax = 0
  recordsMax = 0
  pageKeysMax = 0
  #keys = 0
  #records = 0

  watch(replica: Replica): Replica {
    const probe = this
    return {
      ...replica,
      getVersions: (keys, options) => this.#during(keys.length, 0, () => replica.getVersions(keys, options)),
      getMany: (keys, options) => this.#during(keys.length, keys.length, () => replica.getMany(keys, options)),
      putManyIfNewer: (entries, options) =>
        this.#during(entries.length, entries.length, () => replica.putManyIfNewer(entries, options)),
      scan: async function* (range, options) {
        for await (const page of replica.scan(range, options)) {
          probe.pageKeysMax = Math.max(probe.pageKeysMax, page.length)
          yield page
        }
      },
    }
  }

  async #during<Answer>(keys: number, records: number, run: () => Promise<Answer>): Promise<Answer> {
    this.#keys += keys
    this.#records += records
    this.keysMax = Math.max(this.keysMax, this.#keys)
    this.recordsMax = Math.max(this.recordsMax, this.#records)
    try {
      return await run()
    } finally {
      this.#keys -= keys
      this.#records -= records
    }
  }
}

test('a replica that lost everything is filled a page at a time', async () => {
  const probe = new Probe()
  const replicas = [memoryReplica(), memoryReplica()]
  for (let start = 0; start < keysCount; start += 1_000) {
    const entries = Array.from({ length: 1_000 }, (_, index) => ({ record: value(`key ${start + index}`, 10) }))
    await replicas[0]?.putManyIfNewer(entries, { timeoutMs: 1_000 })
  }
  const events = new Events()
  const members = replicas.map((replica) => ({
    replica: withFailureDetector(probe.watch(replica), systemRuntime, events),
    isFull: true,
  }))
  const { report } = await runSweep(
    {
      ...{ members, n: 2, w: 2, runtime: systemRuntime, events, callTimeoutMs: 10_000 },
      ...{ retirement: { retainedUntilMs: 0, diedUntilMs: -1 }, purges: false, zombiesUntilMs: null },
    },
    { keysPerSecond: Number.POSITIVE_INFINITY },
    { ...sweepLimits, comparedKeysMax: 10_000 },
  )
  expect(report).toMatchObject({ isComplete: true, differing: keysCount })
  expect(report.replicas.map(({ pulled }) => pulled)).toEqual([0, keysCount])
  expect(report.differingKeys).toHaveLength(100)
  expect(probe.pageKeysMax).toBeLessThanOrEqual(1_000)
  expect(probe.keysMax).toBeLessThanOrEqual(1_000)
  expect(probe.recordsMax).toBeLessThanOrEqual(500)
})
