import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ReplicaError, type ReplicaErrorCode } from '../../src/errors.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { DatabaseData } from './sqlite-connection.ts'
import type { DatabaseRequest, Outcome } from './sqlite-database.ts'
import type { Answer, OperationName, Question, SqliteExecutor } from './sqlite-operations.ts'
import { ToldLineage, type Vouching } from './sqlite-told-lineage.ts'

export type ThreadRequest = 'close' | DatabaseRequest<OperationName>

export interface SqliteThreadOptions {
  /** The replica's, for errors. */
  readonly id: string
  readonly data: DatabaseData
  readonly runtime: Pick<Runtime, 'clock' | 'timers'>
  /** The program of the thread. Default: `sqlite-worker` beside this file. */
  readonly program?: URL
}

interface Call {
  readonly name: OperationName
  readonly question: Question<OperationName>
  readonly timeoutMs: number
  readonly deadlineMs: number
  readonly vouching: Vouching
  readonly resolve: (answer: Answer<OperationName>) => void
  readonly reject: (error: ReplicaError) => void
  cancelTimer: () => void
  /** Its time was over: whatever comes is no longer an answer to anyone. */
  hasTimedOut: boolean
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
  readonly #told = new ToldLineage()
  #worker: Worker | null = null
  /** What the thread is at, also when its caller has given up. */
  #sent: Call | null = null
  #closing: Promise<void> | null = null

  constructor(options: SqliteThreadOptions) {
    this.#options = options
  }

  vouching(): Vouching {
    return this.#told.vouching()
  }

  run<Name extends OperationName>(
    name: Name,
    question: Question<Name>,
    timeoutMs: number,
    vouching: Vouching = this.vouching(),
  ): Promise<Answer<Name>> {
    return new Promise<Answer<OperationName>>((resolve, reject) => {
      if (this.#closing !== null) throw this.#error('CLOSED', 'it was closed')
      if (this.#waiting.length >= callsWaitingMax)
        throw this.#error('UNAVAILABLE', 'too many calls wait for its thread')
      const { clock, timers } = this.#options.runtime
      const deadlineMs = clock.monotonicMs() + timeoutMs
      const end = { resolve, reject, cancelTimer: () => {}, hasTimedOut: false }
      const call: Call = { name, question, timeoutMs, deadlineMs, vouching, ...end }
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
    for (const call of this.#waiting.splice(0)) this.#fail(call, this.#error('CLOSED', 'it was closed'))
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
    const { name, question, deadlineMs, vouching } = call
    const heldTo = name === 'lineage' ? null : vouching.lineage
    const budgetMs = Math.max(0, deadlineMs - this.#options.runtime.clock.monotonicMs())
    this.#sent = call
    try {
      this.#worker ??= this.#start()
      this.#worker.postMessage({ name, question, budgetMs, heldTo } satisfies ThreadRequest)
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
    // A caller that gave up knows nothing of a loss, or of a lineage: so the next call is held to the one before.
    if (call !== null && !call.hasTimedOut) this.#settle(call, outcome)
    this.#sendNext()
  }

  #settle(call: Call, outcome: Outcome<OperationName>): void {
    const { failure } = outcome
    if (failure !== undefined) {
      const error = this.#error(failure.code, failure.message, failure.cause)
      this.#fail(call, error)
      if (failure.kind === 'lineage-lost') this.#revoke(call.vouching, error)
      return
    }
    call.cancelTimer()
    if (call.name === 'lineage') this.#told.tell(outcome.lineage)
    this.#told.noteAnswer(call.vouching, outcome.lineage)
    call.resolve(outcome.answer)
  }

  /** Calls that wait and are held to it would only find out one by one. */
  #revoke(vouching: Vouching, { code, reason, cause }: ReplicaError): void {
    this.#told.revoke(vouching)
    const isLost = (call: Call) => call.vouching.lineage === vouching.lineage && call.name !== 'lineage'
    const lost = this.#waiting.filter(isLost)
    this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter((call) => !isLost(call)))
    for (const call of lost) this.#fail(call, this.#error(code, reason, cause))
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
      call.hasTimedOut = true
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

  #error(code: ReplicaErrorCode, message: string, cause?: unknown): ReplicaError {
    return new ReplicaError(code, message, { replica: this.#options.id, cause })
  }
}
