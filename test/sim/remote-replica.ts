import type { HashRange } from '../../src/core/hash.ts'
import type { RecordHead } from '../../src/core/record.ts'
import { ReplicaError, type ReplicaErrorCode } from '../../src/errors.ts'
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
import type { Link } from './link.ts'
import type { ProcessRuntime } from './process-runtime.ts'
import type { SimulatedDisk } from './simulated-disk.ts'
import type { ServerTrouble, SimulatedServer } from './simulated-server.ts'

/** Hears of what is carried out at a server, and of what a process is told of it. */
export interface ReplicaWatcher {
  applied(process: string, replica: string, call: ReplicaCall, detail: string): void
  failed(process: string, replica: string, call: ReplicaCall, why: string): void
  put(entry: Entry): void
}

export interface RemoteReplicaParts {
  readonly process: string
  readonly runtime: ProcessRuntime
  readonly server: SimulatedServer
  readonly link: Link
  readonly watcher: ReplicaWatcher
  readonly pageKeysMax: number
}

interface Request<Answer> {
  readonly call: ReplicaCall
  /** How many answers are due; a garbled one has another number of them. */
  readonly size: number
  readonly apply: (disk: SimulatedDisk) => Answer
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
  /** The lineage that vouches for what it answers; null when none does. */
  #lineageTold: string | null = null
  #isClosed = false

  constructor(parts: RemoteReplicaParts) {
    this.#parts = parts
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
    const apply = (disk: SimulatedDisk) => {
      this.#lineageTold = disk.lineage
      return [disk.lineage]
    }
    const [lineage] = await this.#request({ call: 'lineage', size: 1, apply })
    return lineage ?? ''
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
    this.#isClosed = true
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
      if (life !== server.life) throw this.#failure('UNAVAILABLE', 'the walk was cut off')
      const apply = (disk: SimulatedDisk) => {
        steps ??= start(disk)
        return [steps.next()]
      }
      const [step] = await this.#request({ call, size: 1, apply })
      signal?.throwIfAborted()
      // A page that leaves something out could not be told from a whole one: so much no replica may do.
      if (step === undefined) throw this.#failure('CORRUPT', 'a step was garbled')
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

  #request<Answer>({ call, size, apply }: Request<readonly Answer[]>): Promise<readonly Answer[]> {
    if (this.#isClosed) return Promise.reject(this.#failure('CLOSED', 'it was closed'))
    const { server, link, runtime, process, watcher } = this.#parts
    const { life } = server
    const isWrite = call === 'putManyIfNewer' || call === 'purgeMany'
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void) => link.send('back', true, () => runtime.receive(settle))
      const fail = (code: ReplicaErrorCode, why: string) => {
        watcher.failed(process, this.id, call, why)
        answer(() => reject(this.#failure(code, why)))
      }
      const serve = (trouble: ServerTrouble | null) => {
        if (trouble === 'refuses') return fail('UNAVAILABLE', 'refused')
        if (trouble === 'rejects') return fail('REJECTED', 'rejected')
        if (this.#meetsAnotherLineage(call)) return fail('UNAVAILABLE', 'its lineage has changed')
        const answers = apply(server.disk)
        if (call !== 'putManyIfNewer') watcher.applied(process, this.id, call, String(size))
        if (trouble === 'applies-then-fails') return fail('TIMEOUT', 'applied, and failed')
        answer(() => resolve(trouble === 'garbles' ? answers.slice(1) : answers))
      }
      const arrived = { life, serve, reset: () => fail('TIMEOUT', 'reset'), refuse: () => fail('UNAVAILABLE', 'down') }
      link.send('there', !isWrite, () => server.arrive(arrived))
    })
  }

  /** Refuses the first call under another lineage than the one that was told; later ones go unvouched. */
  #meetsAnotherLineage(call: ReplicaCall): boolean {
    if (call === 'lineage' || this.#lineageTold === null) return false
    if (this.#lineageTold === this.#parts.server.disk.lineage) return false
    this.#lineageTold = null
    return true
  }

  #failure(code: ReplicaErrorCode, reason: string): ReplicaError {
    return new ReplicaError(code, reason, { replica: this.id })
  }
}
