import type { HashRange } from '../../src/core/hash.ts'
import type { RecordHead } from '../../src/core/record.ts'
import type { ReplicaCall } from '../../src/events.ts'
import type {
  CallOptions,
  ChangesOptions,
  ChangesStep,
  DigestOptions,
  DigestStep,
  Entry,
  PutOutcome,
  ReadAnswer,
  Replica,
  ReplicaGuarantees,
  ScanOptions,
  VersionAnswer,
} from '../../src/replica.ts'
import { Connection, type ConnectionParts, type Request } from './connection.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

export interface RemoteReplicaParts extends ConnectionParts {
  readonly pageKeysMax: number
}

/** How many calls of one process to one server may be under way. */
export const callsInFlightMax = 64

/**
 * One server as one process sees it, over its link. It keeps the rules of the port: a call that meets another lineage than
 * the one that was told is refused, and a walk is bound to the life of the server in which it began.
 */
export class RemoteReplica implements Replica {
  readonly id: string
  readonly guarantees: ReplicaGuarantees = { putIfNewer: 'atomic', sharedBy: 'network', backend: 'simulated' }
  readonly limits = { batchKeysMax: 4, callsInFlightMax }
  readonly #parts: RemoteReplicaParts
  readonly #connection: Connection
  /** The lineage that vouches for what it answers; null when none does. */
  #lineageTold: string | null = null

  constructor(parts: RemoteReplicaParts) {
    this.#parts = parts
    this.#connection = new Connection(parts)
    this.id = parts.server.id
  }

  getMany(keys: readonly string[], _options: CallOptions): Promise<readonly ReadAnswer[]> {
    return this.#request({ call: 'getMany', size: keys.length, apply: (disk) => keys.map((key) => disk.get(key)) })
  }

  getVersions(keys: readonly string[], _options: CallOptions): Promise<readonly VersionAnswer[]> {
    const apply = (disk: SimulatedDisk) => keys.map((key) => disk.getVersion(key))
    return this.#request({ call: 'getVersions', size: keys.length, apply })
  }

  putManyIfNewer(entries: readonly Entry[], _options: CallOptions): Promise<readonly PutOutcome[]> {
    for (const entry of entries) this.#parts.watcher.put(entry)
    const apply = (disk: SimulatedDisk) => entries.map((entry) => this.#put(disk, entry))
    return this.#request({ call: 'putManyIfNewer', size: entries.length, apply })
  }

  purgeMany(heads: readonly RecordHead[], _options: CallOptions): Promise<readonly boolean[]> {
    const apply = (disk: SimulatedDisk) => heads.map((head) => this.#purge(disk, head))
    return this.#request({ call: 'purgeMany', size: heads.length, apply })
  }

  async lineage(_options: CallOptions): Promise<string> {
    const apply = (disk: SimulatedDisk) => [disk.lineage]
    const [lineage = ''] = await this.#connection.request({ call: 'lineage', size: 1, apply })
    this.#lineageTold = lineage
    return lineage
  }

  scan(range: HashRange, options: ScanOptions) {
    const pageKeysMax = Math.min(options.pageKeysMax, this.#parts.pageKeysMax)
    return this.#walk('scan', options.signal, (disk) => disk.pages(range, options, pageKeysMax))
  }

  digest(range: HashRange, options: DigestOptions): AsyncGenerator<DigestStep> {
    return this.#walk('digest', options.signal, (disk) => disk.digestSteps(range, options.retirement))
  }

  changes(after: string | null, options: ChangesOptions): AsyncGenerator<ChangesStep> {
    return this.#walk('changes', options.signal, (disk) => disk.changesAfter(after))
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  async *#walk<Step>(
    call: ReplicaCall,
    signal: AbortSignal | undefined,
    start: (disk: SimulatedDisk) => Iterator<Step>,
  ): AsyncGenerator<Step> {
    const { server } = this.#parts
    const { life } = server
    let steps: Iterator<Step> | null = null
    while (true) {
      signal?.throwIfAborted()
      if (life !== server.life) throw this.#connection.failure('UNAVAILABLE', 'the walk was cut off')
      const apply = (disk: SimulatedDisk) => {
        steps ??= start(disk)
        return [steps.next()]
      }
      const [step] = await this.#request({ call, size: 1, apply })
      signal?.throwIfAborted()
      // A page that leaves something out could not be told from a whole one: so much no replica may do.
      if (step === undefined) throw this.#connection.failure('CORRUPT', 'a step was garbled')
      if (step.done === true) return
      yield step.value
    }
  }

  #put(disk: SimulatedDisk, entry: Entry): PutOutcome {
    const outcome = disk.put(entry)
    const { key, version, kind, payload } = entry.record
    const { process, watcher } = this.#parts
    watcher.applied(process, this.id, 'putManyIfNewer', `${key} ${version} ${kind} ${payload} ${outcome.status}`)
    return outcome
  }

  #purge(disk: SimulatedDisk, head: RecordHead): boolean {
    const isPurged = disk.purge(head)
    const { process, watcher } = this.#parts
    watcher.applied(process, this.id, 'purgeMany', `${head.key} ${head.version} ${isPurged}`)
    return isPurged
  }

  /** Refused under another lineage than the one that was told when it began; what begins afterwards goes unvouched. */
  async #request<Answer>(request: Request<readonly Answer[]>): Promise<readonly Answer[]> {
    const { disk } = this.#parts.server
    const told = this.#lineageTold
    let isRefused = false
    const meetsAnother = () => {
      isRefused = told !== null && told !== disk.lineage
      return isRefused
    }
    try {
      return await this.#connection.request({ ...request, isRefused: meetsAnother })
    } catch (error) {
      if (isRefused && this.#lineageTold === told) this.#lineageTold = null
      throw error
    }
  }
}
