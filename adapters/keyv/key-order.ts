import { ReplicaError } from '../../src/errors.ts'
import { type Runtime, systemRuntime } from '../../src/runtime.ts'

/** `read`s of a key may overlap each other; a `write` of it overlaps nothing. */
export type Access = 'read' | 'write'

export interface OrderedCall<Answer> {
  readonly access: Access
  readonly keys: readonly string[]
  readonly timeoutMs: number
  /** Does the work. After a wait it may ask whether anybody still listens: no write should be sent when not. */
  run(isAbandoned: () => boolean): Promise<Answer>
}

interface Pending {
  readonly access: Access
  readonly keys: readonly string[]
  readonly sinceMs: number
  readonly settled: Promise<unknown>
}

export interface KeyOrderLimits {
  /** The most calls that may wait or hang at once over all keys. Default: 1,000. */
  readonly pendingMax: number
  /** The most calls that may wait or hang at once on one key. Default: 100. */
  readonly pendingPerKeyMax: number
  /** How long a call that hangs keeps later writes of its keys waiting; after that it is given up for dead. Default: 5 min. */
  readonly hangMaxMs: number
}

const defaultLimits: KeyOrderLimits = { pendingMax: 1000, pendingPerKeyMax: 100, hangMaxMs: 300_000 }

/**
 * Puts the calls on a key in order, which is what makes read, compare and write safe within one process, over a store
 * that has no such step of its own.
 *
 * A call that timed out still counts until the store has really settled it: a late write must not land on top of a newer
 * one. Reads take part, because many stores delete an expired entry when they read it, whatever is written meanwhile.
 * What waits here was never sent, so when its time is over, or too much waits already, it is refused as `UNAVAILABLE`.
 */
export class KeyOrder {
  readonly #limits: KeyOrderLimits
  readonly #runtime: Pick<Runtime, 'clock' | 'timers'>
  readonly #byKey = new Map<string, Set<Pending>>()
  readonly #pending = new Set<Pending>()

  constructor(limits: Partial<KeyOrderLimits> = {}, runtime: Pick<Runtime, 'clock' | 'timers'> = systemRuntime) {
    this.#limits = { ...defaultLimits, ...limits }
    this.#runtime = runtime
  }

  get pendingCalls(): number {
    return this.#pending.size
  }

  /** @param replica named in errors */
  call<Answer>(replica: string, call: OrderedCall<Answer>): Promise<Answer> {
    const before = this.#callsBefore(replica, call)
    return new Promise((resolve, reject) => {
      let phase: 'waiting' | 'sent' | 'abandoned' = 'waiting'
      const cancelTimer = this.#runtime.timers.after(call.timeoutMs, () => {
        reject(phase === 'waiting' ? neverSent(replica) : noAnswer(replica, call.timeoutMs))
        phase = 'abandoned'
        if (call.access === 'read') this.#letPass(pending)
      })
      const settle = <Result>(tell: (result: Result) => void, result: Result) => {
        cancelTimer()
        this.#forget(pending)
        tell(result)
      }
      const work = async () => {
        if (before.size > 0) await Promise.allSettled([...before].map(({ settled }) => settled))
        if (phase === 'abandoned') return this.#forget(pending)
        phase = 'sent'
        const answer = call.run(() => phase === 'abandoned')
        await answer.then(
          (given) => settle(resolve, given),
          (reason: unknown) => settle(reject, reason),
        )
      }
      const sinceMs = this.#runtime.clock.monotonicMs()
      const pending: Pending = { access: call.access, keys: call.keys, sinceMs, settled: work() }
      this.#remember(pending)
    })
  }

  /** The calls that this one has to wait for. */
  #callsBefore(replica: string, { keys, access }: Pick<Pending, 'keys' | 'access'>): Set<Pending> {
    this.#giveUpDead()
    if (this.#pending.size >= this.#limits.pendingMax) throw tooMany(replica, 'the store')
    const before = new Set<Pending>()
    for (const key of keys) {
      const pending = this.#byKey.get(key)
      if (pending === undefined) continue
      if (pending.size >= this.#limits.pendingPerKeyMax) throw tooMany(replica, 'a key')
      for (const call of pending) if (access === 'write' || call.access === 'write') before.add(call)
    }
    return before
  }

  /** In the order of their start, so the first that is young enough ends it. */
  #giveUpDead(): void {
    const diedMs = this.#runtime.clock.monotonicMs() - this.#limits.hangMaxMs
    for (const call of this.#pending) {
      if (call.sinceMs > diedMs) return
      this.#forget(call)
    }
  }

  #remember(call: Pending): void {
    this.#pending.add(call)
    for (const key of call.keys) {
      const calls = this.#byKey.get(key)
      if (calls === undefined) this.#byKey.set(key, new Set([call]))
      else calls.add(call)
    }
  }

  #forget(call: Pending): void {
    if (this.#pending.delete(call)) this.#letPass(call)
  }

  #letPass(call: Pending): void {
    for (const key of call.keys) {
      const calls = this.#byKey.get(key)
      if (calls?.delete(call) && calls.size === 0) this.#byKey.delete(key)
    }
  }
}

function tooMany(replica: string, where: string): ReplicaError {
  return new ReplicaError('UNAVAILABLE', `too many calls to ${where} wait already; not sent`, { replica })
}

function neverSent(replica: string): ReplicaError {
  return new ReplicaError('UNAVAILABLE', 'waited in vain for an earlier call on the same key; not sent', { replica })
}

function noAnswer(replica: string, timeoutMs: number): ReplicaError {
  return new ReplicaError('TIMEOUT', `no answer within ${timeoutMs} ms`, { replica })
}
