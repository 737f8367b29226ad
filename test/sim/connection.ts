import { ReplicaError, type ReplicaErrorCode } from '../../src/errors.ts'
import type { ReplicaCall } from '../../src/events.ts'
import type { Entry } from '../../src/replica.ts'
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

export interface ConnectionParts {
  readonly process: string
  readonly runtime: ProcessRuntime
  readonly server: SimulatedServer
  readonly link: Link
  readonly watcher: ReplicaWatcher
}

export interface Request<Answer> {
  readonly call: ReplicaCall
  /** How many answers are due; a garbled one has another number of them. */
  readonly size: number
  readonly apply: (disk: SimulatedDisk) => Answer
  /** Asked at the server: whether it meets a lineage that it must not meet. */
  readonly isRefused?: () => boolean
}

/** What one process has to one server: requests and answers travel over its link, each for itself. */
export class Connection {
  readonly #parts: ConnectionParts
  #isClosed = false

  constructor(parts: ConnectionParts) {
    this.#parts = parts
  }

  close(): void {
    this.#isClosed = true
  }

  failure(code: ReplicaErrorCode, reason: string): ReplicaError {
    return new ReplicaError(code, reason, { replica: this.#parts.server.id })
  }

  request<Answer>({ call, size, apply, isRefused }: Request<readonly Answer[]>): Promise<readonly Answer[]> {
    if (this.#isClosed) return Promise.reject(this.failure('CLOSED', 'it was closed'))
    const { server, link, runtime, process, watcher } = this.#parts
    const { life, id } = server
    const isWrite = call === 'putManyIfNewer' || call === 'purgeMany'
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void) => link.send('back', true, () => runtime.receive(settle))
      const fail = (code: ReplicaErrorCode, why: string) => {
        watcher.failed(process, id, call, why)
        answer(() => reject(this.failure(code, why)))
      }
      const serve = (trouble: ServerTrouble | null) => {
        if (trouble === 'refuses') return fail('UNAVAILABLE', 'refused')
        if (trouble === 'rejects') return fail('REJECTED', 'rejected')
        if (isRefused?.() === true) return fail('UNAVAILABLE', 'its lineage has changed')
        const answers = apply(server.disk)
        if (call !== 'putManyIfNewer') watcher.applied(process, id, call, String(size))
        if (trouble === 'applies-then-fails') return fail('TIMEOUT', 'applied, and failed')
        answer(() => resolve(trouble === 'garbles' ? answers.slice(1) : answers))
      }
      const arrived = { life, serve, reset: () => fail('TIMEOUT', 'reset'), refuse: () => fail('UNAVAILABLE', 'down') }
      link.send('there', !isWrite, () => server.arrive(arrived))
    })
  }
}
