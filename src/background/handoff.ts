import type { HintSink } from '../coordinator/context.ts'
import type { Listener } from '../events.ts'
import { type HandoffParts, HintDelivery } from './hint-delivery.ts'

/**
 * Hinted handoff: gives a replica what it missed as soon as the failure detector sees it again. What is delivered is the
 * newest record of each key, read anew, so a hint can be as old as it likes. Replay makes no hints of its own: what fails is
 * still to be delivered, no more.
 */
export class Handoff implements HintSink {
  readonly #parts: HandoffParts
  readonly #deliveries = new Map<string, HintDelivery>()
  #isStopped = false

  constructor(parts: HandoffParts) {
    this.#parts = parts
    parts.events.on('replica-up', this.#onUp)
    parts.events.on('replica-down', this.#onDown)
  }

  /**
   * Remembers that a replica missed these keys; costs little, and may be called for every write while it is down.
   *
   * To be called when the write that it missed is over, not before: delivery reads the newest record of a key, and a write
   * that is still under way may not be seen by that read.
   */
  add(replicaId: string, keys: readonly string[]): void {
    if (this.#isStopped || keys.length === 0 || this.#parts.replica(replicaId) === undefined) return
    this.#parts.hints.add(replicaId, keys)
    this.#deliveryTo(replicaId).wake()
  }

  /** Forgets what is due at a replica that is no part of the store any more. */
  remove(replicaId: string): void {
    this.#deliveries.get(replicaId)?.stop()
    this.#deliveries.delete(replicaId)
    this.#parts.hints.remove(replicaId)
  }

  /**
   * Delivers what can be delivered within the time, for a store that is being closed, then stops. A replica that is down, or
   * fails once, is given up.
   *
   * @returns how many keys are left, by replica id; without the replicas that have it all
   */
  async finish(deadlineMs: number): Promise<ReadonlyMap<string, number>> {
    await this.#within(deadlineMs, Promise.all([...this.#deliveries.values()].map((delivery) => delivery.finish())))
    const left = new Map<string, number>()
    for (const [replica, delivery] of this.#deliveries) {
      if (delivery.left > 0) left.set(replica, delivery.left)
    }
    this.stop()
    for (const [replica, count] of left) {
      this.#parts.hints.clear(replica)
      this.#parts.events.emit({ type: 'dropped', work: 'hint', replica, count, reason: 'the store was closed' })
    }
    return left
  }

  /** Nothing is delivered from now on; what is under way is not waited for. */
  stop(): void {
    this.#isStopped = true
    this.#parts.events.off('replica-up', this.#onUp)
    this.#parts.events.off('replica-down', this.#onDown)
    for (const delivery of this.#deliveries.values()) delivery.stop()
    this.#deliveries.clear()
  }

  readonly #onUp: Listener = (event) => {
    if (event?.type === 'replica-up') this.#deliveries.get(event.replica)?.replicaUp()
  }

  readonly #onDown: Listener = (event) => {
    if (event?.type === 'replica-down') this.#deliveries.get(event.replica)?.wake()
  }

  #deliveryTo(replicaId: string): HintDelivery {
    const known = this.#deliveries.get(replicaId)
    if (known !== undefined) return known
    const delivery = new HintDelivery(replicaId, this.#parts)
    this.#deliveries.set(replicaId, delivery)
    return delivery
  }

  /** The process stays alive for this wait: whoever closes a store wants to know. */
  #within(deadlineMs: number, ended: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.runtime.timers.after(deadlineMs, resolve)
      void ended.then(() => {
        cancel()
        resolve()
      })
    })
  }
}
