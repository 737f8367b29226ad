import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ReplicaError, type ReplicaErrorCode } from '../../src/errors.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { Outcome } from './sqlite-database.ts'
import type { SqliteFailure } from './sqlite-failure.ts'
import type { Answer, OperationName, Question, SqliteExecutor } from './sqlite-operations.ts'

/** What the thread is started with. */
export interface ThreadData {
  readonly path: string
  readonly table: string
}

export type ThreadRequest =
  | 'close'
  | { readonly name: OperationName; readonly question: Question<OperationName>; readonly budgetMs: number }

export interface SqliteThreadOptions {
  /** The replica's, for errors. */
  readonly id: string
  readonly data: ThreadData
  readonly runtime: Pick<Runtime, 'clock' | 'timers'>
  /** The program of the thread. Default: `sqlite-worker` beside this file. */
  readonly program?: URL
}

interface Call {
  readonly name: OperationName
  readonly question: Question<OperationName>
  readonly timeoutMs: number
  readonly deadlineMs: number
  readonly resolve: (answer: Answer<OperationName>) => void
  readonly reject: (error: ReplicaError) => void
  cancelTimer: () => void
}

/** Callers keep to `callsInFlightMax`; whatever they do, no more than this waits. */
const callsWaitingMax = 256
/** What is under way when the replica is closed may still be written: then the thread is ended the hard way. */
const closeWaitMs = 5000

/**
 * Runs operations in a thread of their own, one after the other, so that the event loop never waits for a disk or for
 * another process's lock.
 *
 * The thread is started by the first call, and again by the next call after it crashed. It gets a request only when it
 * is free: what waits, waits here, where it can still be called off. A call that was never sent ends as `UNAVAILABLE`,
 * because it certainly changed nothing. The thread itself does not keep the process alive; the timers of the calls do.
 */
export class SqliteThread implements SqliteExecutor {
  readonly #options: SqliteThreadOptions
  readonly #waiting: Call[] = []
  #worker: Worker | null = null
  /** What the thread is at, also when its caller has given up. */
  #sent: Call | null = null
  #closing: Promise<void> | null = null

  constructor(options: SqliteThreadOptions) {
    this.#options = options
  }

  run<Name extends OperationName>(name: Name, question: Question<Name>, timeoutMs: number): Promise<Answer<Name>> {
    return new Promise<Answer<OperationName>>((resolve, reject) => {
      if (this.#closing !== null) throw this.#error('CLOSED', 'it was closed')
      if (this.#waiting.length >= callsWaitingMax)
        throw this.#error('UNAVAILABLE', 'too many calls wait for its thread')
      const { clock, timers } = this.#options.runtime
      const deadlineMs = clock.monotonicMs() + timeoutMs
      const call: Call = { name, question, timeoutMs, deadlineMs, resolve, reject, cancelTimer: () => {} }
      call.cancelTimer = timers.after(timeoutMs, () => this.#giveUp(call))
      this.#waiting.push(call)
      this.#sendNext()
    }) as Promise<Answer<Name>>
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  async #shutDown(): Promise<void> {
    this.#rejectWaiting(() => this.#error('CLOSED', 'it was closed'))
    const worker = this.#worker
    if (worker === null) return
    await new Promise<void>((resolve) => {
      const cancelTimer = this.#options.runtime.timers.after(closeWaitMs, () => {
        // Not awaited: a thread that hangs in a system call ends only when that returns.
        void worker.terminate()
        resolve()
      })
      worker.once('exit', () => {
        cancelTimer()
        resolve()
      })
      worker.postMessage('close' satisfies ThreadRequest)
    })
  }

  #sendNext(): void {
    if (this.#sent !== null) return
    const call = this.#waiting.shift()
    if (call === undefined) return
    const { name, question, deadlineMs } = call
    const budgetMs = Math.max(0, deadlineMs - this.#options.runtime.clock.monotonicMs())
    this.#sent = call
    try {
      this.#worker ??= this.#start()
      this.#worker.postMessage({ name, question, budgetMs } satisfies ThreadRequest)
    } catch (cause) {
      this.#sent = null
      this.#fail(call, this.#error('UNAVAILABLE', 'its thread cannot be reached', cause))
      this.#sendNext()
    }
  }

  #start(): Worker {
    const program = this.#options.program ?? new URL(`./sqlite-worker${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(program, {
      name: 'keyv-quorum sqlite',
      workerData: this.#options.data,
      // Nothing of the process's own options, such as a loader or `--input-type`; and node:sqlite warns only once.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    let crash: unknown
    worker.on('message', (outcome: Outcome<OperationName>) => this.#receive(outcome))
    worker.on('error', (error) => {
      crash = error
    })
    worker.on('exit', () => this.#lose(crash))
    worker.unref()
    return worker
  }

  #receive(outcome: Outcome<OperationName>): void {
    const call = this.#sent
    this.#sent = null
    if (outcome.failure !== undefined) this.#receiveFailure(call, outcome.failure)
    else if (call !== null) {
      call.cancelTimer()
      call.resolve(outcome.answer)
    }
    this.#sendNext()
  }

  #receiveFailure(call: Call | null, { code, message, cause, kind }: SqliteFailure): void {
    const error = this.#error(code, message, cause)
    if (call !== null) this.#fail(call, error)
    // Made before anyone could know: they must not be answered from other data than they were meant for.
    if (kind === 'lineage-lost') this.#rejectWaiting(() => this.#error(code, message, cause))
  }

  #lose(crash: unknown): void {
    const call = this.#sent
    this.#worker = null
    this.#sent = null
    if (call !== null) this.#fail(call, this.#lossOf(call, crash))
    if (this.#closing === null) this.#sendNext()
  }

  /** A write may have been applied before the thread ended: only a read is known to have changed nothing. */
  #lossOf({ name }: Call, crash: unknown): ReplicaError {
    const reason = crash instanceof Error ? `: ${crash.message}` : ''
    if (name !== 'putManyIfNewer' && name !== 'purgeMany')
      return this.#error('UNAVAILABLE', `its thread ended${reason}`, crash)
    return this.#error('TIMEOUT', `its thread ended before it answered${reason}`, crash)
  }

  #giveUp(call: Call): void {
    const waited = `within ${Math.round(call.timeoutMs)} ms`
    if (call === this.#sent) {
      call.reject(this.#error('TIMEOUT', `no answer ${waited}`))
      return
    }
    const index = this.#waiting.indexOf(call)
    if (index >= 0) this.#waiting.splice(index, 1)
    call.reject(this.#error('UNAVAILABLE', `its thread had no time for the call ${waited}`))
  }

  #fail(call: Call, error: ReplicaError): void {
    call.cancelTimer()
    call.reject(error)
  }

  #rejectWaiting(reason: () => ReplicaError): void {
    for (const call of this.#waiting.splice(0)) this.#fail(call, reason())
  }

  #error(code: ReplicaErrorCode, message: string, cause?: unknown): ReplicaError {
    return new ReplicaError(code, message, { replica: this.#options.id, cause })
  }
}
