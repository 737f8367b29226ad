import { memoryReplica } from '../../../adapters/memory/memory-replica.ts'
import { ReplicaError } from '../../../src/errors.ts'
import type { Replica } from '../../../src/replica.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import type { ServerControl } from '../../conformance/subject.ts'

/**
 * Only for testing the conformance suite itself: a memory replica that plays the server, which can be frozen and killed,
 * and honest connections to it.
 */
export class PretendServer implements ServerControl {
  readonly keepsData: boolean
  #state: 'up' | 'frozen' | 'down' = 'up'
  #data: Replica = memoryReplica()

  constructor(keepsData: boolean) {
    this.keepsData = keepsData
  }

  get state(): 'up' | 'frozen' | 'down' {
    return this.#state
  }

  get data(): Replica {
    return this.#data
  }

  wipe(): void {
    this.#data = memoryReplica()
  }

  async freeze(): Promise<void> {
    this.#state = 'frozen'
  }

  async thaw(): Promise<void> {
    if (this.#state === 'frozen') this.#state = 'up'
  }

  async kill(): Promise<void> {
    this.#state = 'down'
    if (!this.keepsData) this.wipe()
  }

  async start(): Promise<void> {
    this.#state = 'up'
  }

  connect(): Replica {
    const id = 'pretended'
    let closed = false
    let lineageTold: string | null = null
    const reach = async (timeoutMs: number): Promise<Replica> => {
      if (closed) throw new ReplicaError('CLOSED', 'it was closed', { replica: id })
      if (this.#state === 'down') throw new ReplicaError('UNAVAILABLE', 'connection refused', { replica: id })
      if (this.#state === 'up') return this.#data
      await new Promise<void>((resolve) => systemRuntime.timers.after(timeoutMs, resolve))
      throw new ReplicaError('TIMEOUT', 'no answer', { replica: id })
    }
    const reachVouched = async (timeoutMs: number): Promise<Replica> => {
      const data = await reach(timeoutMs)
      if (lineageTold === null || lineageTold === (await data.lineage({ timeoutMs }))) return data
      lineageTold = null
      throw new ReplicaError('UNAVAILABLE', 'it lost its data', { replica: id })
    }
    return {
      id,
      guarantees: { putIfNewer: 'atomic', sharedBy: 'process', backend: 'pretended' },
      limits: { batchKeysMax: 100, callsInFlightMax: 8 },
      getMany: async (keys, options) => (await reachVouched(options.timeoutMs)).getMany(keys, options),
      getVersions: async (keys, options) => (await reachVouched(options.timeoutMs)).getVersions(keys, options),
      putManyIfNewer: async (entries, options) =>
        (await reachVouched(options.timeoutMs)).putManyIfNewer(entries, options),
      purgeMany: async (heads, options) => (await reachVouched(options.timeoutMs)).purgeMany(heads, options),
      lineage: async (options) => {
        lineageTold = await (await reach(options.timeoutMs)).lineage(options)
        return lineageTold
      },
      async *scan(range, options) {
        for await (const page of (await reachVouched(options.pageTimeoutMs)).scan(range, options)) {
          yield page
          await reachVouched(options.pageTimeoutMs)
        }
      },
      close: async () => {
        closed = true
      },
    }
  }
}
