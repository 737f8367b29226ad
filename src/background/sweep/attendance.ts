import { ReplicaError } from '../../errors.ts'
import type { CallOptions } from '../../replica.ts'
import type { WatchedReplica } from '../../wrap/detector.ts'
import type { SweepParts } from './sweep-parts.ts'
import type { Tally } from './tally.ts'

/**
 * Who takes part in a sweep. A replica that fails once is left out from then on: half an exchange is none. So is one of
 * which the voice changes, because what it said before is not what it holds now.
 */
export class Attendance {
  readonly #parts: SweepParts
  readonly #tally: Tally
  readonly #signal: AbortSignal | undefined
  readonly #voices: readonly unknown[]
  readonly #skipped: (string | null)[]

  constructor(parts: SweepParts, tally: Tally, signal: AbortSignal | undefined) {
    this.#parts = parts
    this.#tally = tally
    this.#signal = signal
    this.#voices = parts.members.map(({ replica }) => replica.gate.voice)
    this.#skipped = parts.members.map(({ replica }) => {
      const refusal = replica.refusal({ timeoutMs: parts.callTimeoutMs })
      if (refusal !== null) return refusal.reason
      return replica.gate.isChecked ? null : 'its lineage is not known'
    })
  }

  /** The replicas that take part, by their index among all. */
  get present(): readonly number[] {
    return [...this.#skipped.keys()].filter((member) => this.isPresent(member))
  }

  /** Whether anything can be compared; a store of one replica has nothing to compare, and is content. */
  get isEnough(): boolean {
    return this.present.length >= Math.min(2, this.#parts.members.length)
  }

  isPresent(member: number): boolean {
    return this.#skipped[member] === null
  }

  isFull(member: number): boolean {
    return this.#parts.members[member]?.isFull === true
  }

  idOf(member: number): string {
    return this.#parts.members[member]?.replica.id ?? ''
  }

  /** The empty text for one that is not known. */
  lineageOf(member: number): string {
    return this.#parts.members[member]?.lineage ?? ''
  }

  whySkipped(member: number): string | null {
    return this.#skipped[member] ?? null
  }

  skip(member: number, reason: string): void {
    this.#skipped[member] ??= reason
  }

  /** Makes sure that all who are held to be up really answer, before they are sent long calls. */
  async callRoll(): Promise<void> {
    await this.eachAtOnce((member) => this.ask(member, (replica, options) => replica.getVersions(['\u0001'], options)))
  }

  /** For all who are present at once. What one of them throws is thrown when all have ended, so that nothing stays open. */
  async eachAtOnce(visit: (member: number) => Promise<unknown>): Promise<void> {
    const ends = await Promise.allSettled(this.present.map(visit))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  /** @returns undefined when the replica does not take part, or failed and takes part no more */
  async ask<Answer>(
    member: number,
    run: (replica: WatchedReplica, options: CallOptions) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const replica = this.#parts.members[member]?.replica
    if (replica === undefined || !this.isPresent(member)) return undefined
    try {
      return await this.#timed(member, async () => {
        const answer = await run(replica, { timeoutMs: this.#parts.callTimeoutMs })
        await this.#assertVoice(member, replica)
        return answer
      })
    } catch (error) {
      this.#onFailure(member, error)
      return undefined
    }
  }

  /** Goes through what a replica gives in steps. They end early when it fails; it takes part no more then. */
  async *walk<Step>(member: number, start: (replica: WatchedReplica) => AsyncIterable<Step>): AsyncGenerator<Step> {
    const replica = this.#parts.members[member]?.replica
    if (replica === undefined || !this.isPresent(member)) return
    const steps = start(replica)[Symbol.asyncIterator]()
    let isOver = false
    try {
      while (this.isPresent(member)) {
        const step = await this.#nextStep(member, replica, steps)
        isOver = step === null
        if (step === null) return
        yield step.value
      }
    } finally {
      if (!isOver) await steps.return?.()
    }
  }

  async #nextStep<Step>(
    member: number,
    replica: WatchedReplica,
    steps: AsyncIterator<Step>,
  ): Promise<{ readonly value: Step } | null> {
    try {
      const step = await this.#timed(member, () => steps.next())
      await this.#assertVoice(member, replica)
      return step.done === true ? null : step
    } catch (error) {
      this.#onFailure(member, error)
      return null
    }
  }

  /** After every answer, because a failure of someone else's call may be what told that the lineage is another one. */
  async #assertVoice(member: number, { gate }: WatchedReplica): Promise<void> {
    const verified = gate.verify({ timeoutMs: this.#parts.callTimeoutMs })
    if (verified !== null) await verified
    if (gate.voice === this.#voices[member]) return
    throw gate.voice === null
      ? gate.whySilent
      : new ReplicaError('UNAVAILABLE', 'its lineage changed', { replica: this.idOf(member) })
  }

  async #timed<Answer>(member: number, run: () => Promise<Answer>): Promise<Answer> {
    const { clock } = this.#parts.runtime
    const beganAtMs = clock.monotonicMs()
    try {
      return await run()
    } finally {
      this.#tally.add(member, 'tookMs', clock.monotonicMs() - beganAtMs)
    }
  }

  #onFailure(member: number, error: unknown): void {
    this.#signal?.throwIfAborted()
    if (!(error instanceof ReplicaError)) throw error
    this.skip(member, `${error.code}: ${error.reason}`)
  }
}
