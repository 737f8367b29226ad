import { ReplicaError } from '../errors.ts'
import type { CallOptions } from '../replica.ts'

/** Stands for a span of time in which what a replica says counts. */
export type Voice = object

/**
 * Whether what a replica says counts. Answers are vouched for by the lineage that it told last; after every failure it may
 * be another, so it is asked anew before anything else is.
 */
export class VoiceGate {
  readonly replica: string
  readonly #check: (options: CallOptions) => Promise<void>
  readonly #onDoubt: () => void
  #voice: Voice | null = null
  #isChecked = false
  #checking: Promise<void> | null = null
  #silence: ReplicaError

  /**
   * @param check asks for the lineage and tells what follows from it by {@link VoiceGate.grant} and {@link VoiceGate.silence}
   * @param onDoubt hears of every failure after which the lineage has to be asked for
   */
  constructor(replica: string, check: (options: CallOptions) => Promise<void>, onDoubt: () => void = () => undefined) {
    this.replica = replica
    this.#check = check
    this.#onDoubt = onDoubt
    this.#silence = this.#silenced('its lineage is not known yet')
  }

  /** For a replica whose lineage nobody asks for. */
  static granted(replica: string): VoiceGate {
    const gate = new VoiceGate(replica, () => Promise.resolve())
    gate.#isChecked = true
    gate.grant()
    gate.distrust = () => undefined
    return gate
  }

  /**
   * What counts is what was asked and answered under one and the same voice; null while nothing does. After a failure
   * nothing does until the lineage was asked for: what was sent before may be answered by a server that lost its data. When
   * the lineage is the same, so is the voice.
   */
  get voice(): Voice | null {
    return this.isChecked ? this.#voice : null
  }

  /** Whether the lineage is known; what is said before it is does not count either. */
  get isChecked(): boolean {
    return this.#isChecked && this.#checking === null
  }

  /** Why nothing counts. */
  get whySilent(): ReplicaError {
    return this.#silence
  }

  /** Resolves when the lineage is known; null when it is. Rejects with the `ReplicaError` of the attempt. */
  verify(options: CallOptions): Promise<void> | null {
    if (this.#checking !== null) return this.#checking
    if (this.#isChecked) return null
    this.#checking = this.#checkOnce(options)
    return this.#checking
  }

  /** The next call has to ask for the lineage first. */
  distrust(): void {
    this.#isChecked = false
    this.#onDoubt()
  }

  grant(): void {
    if (this.#voice !== null) return
    this.#voice = {}
    this.#silence = this.#silenced('its lineage is asked for again')
  }

  silence(reason: string): void {
    this.#voice = null
    this.#silence = this.#silenced(reason)
  }

  async #checkOnce(options: CallOptions): Promise<void> {
    try {
      this.#isChecked = true
      await this.#check(options)
    } catch (error) {
      this.#isChecked = false
      throw error
    } finally {
      this.#checking = null
    }
  }

  #silenced(reason: string): ReplicaError {
    return new ReplicaError('UNAVAILABLE', `does not count: ${reason}`, { replica: this.replica })
  }
}
