import { type ScanEntry, storedHeadOf } from '../../../src/core/record.ts'
import { ReplicaError } from '../../../src/errors.ts'
import type { ChangesStep, DigestStep, Replica } from '../../../src/replica.ts'
import type { Timers } from '../../../src/runtime.ts'
import { valueAt } from '../../conformance/samples.ts'
import type { ScriptedReplica } from '../../support/scripted-replica.ts'

/** `position` is the walk over changes that asks for nothing but the position of now. */
export type Walk = 'scan' | 'digest' | 'changes' | 'position'

/** What comes when all that is true has been given. */
export interface Endless {
  readonly walk: Walk
  readonly gives: 'nothing' | 'the same' | 'ever new' | 'no step'
  /** How many keys are in a step, where there are any. Default: one. */
  readonly perStep?: number
  /** How long each step takes, in simulated ms. */
  readonly stepMs: number
  /** Whether a walk ends when its signal says so, and when the replica is closed. */
  readonly isPolite: boolean
}

/** What becomes of the walks that are under way. */
export type Fate = 'go on' | 'end' | 'fail'

/** A replica that tells the truth, and of which one kind of walk does not end before it is told to. */
export class EndlessReplica implements Replica {
  readonly id: string
  readonly guarantees: Replica['guarantees']
  readonly limits: Replica['limits']
  declare readonly digest?: NonNullable<Replica['digest']>
  declare readonly changes?: NonNullable<Replica['changes']>
  readonly #honest: ScriptedReplica
  readonly #timers: Timers
  #endless: Endless | null = null
  fate: Fate = 'go on'
  #stepsGiven = 0
  #walksOpen = 0

  constructor(honest: ScriptedReplica, timers: Timers) {
    this.id = honest.id
    this.guarantees = honest.guarantees
    this.limits = honest.limits
    this.#honest = honest
    this.#timers = timers
    const { digest, changes } = honest
    if (digest !== undefined) {
      this.digest = (range, options) => this.#walked('digest', digest(range, options), digestStep, options.signal)
    }
    if (changes !== undefined) {
      this.changes = (after, options) =>
        this.#walked(after === null ? 'position' : 'changes', changes(after, options), changesStep, options.signal)
    }
  }

  /** Walks that nobody has brought to their end. */
  get walksOpen(): number {
    return this.#walksOpen
  }

  /** Null for a replica like any other. */
  be(endless: Endless | null): void {
    this.#endless = endless
  }

  getMany: Replica['getMany'] = (keys, options) => this.#honest.getMany(keys, options)
  getVersions: Replica['getVersions'] = (keys, options) => this.#honest.getVersions(keys, options)
  putManyIfNewer: Replica['putManyIfNewer'] = (entries, options) => this.#honest.putManyIfNewer(entries, options)
  purgeMany: Replica['purgeMany'] = (heads, options) => this.#honest.purgeMany(heads, options)
  lineage: Replica['lineage'] = (options) => this.#honest.lineage(options)
  close: Replica['close'] = () => this.#honest.close()
  scan: Replica['scan'] = (range, options) =>
    this.#walked('scan', this.#honest.scan(range, options), scanStep, options.signal)

  async *#walked<Step>(
    walk: Walk,
    honest: AsyncIterable<Step>,
    stepOf: (endless: Endless, count: number) => Step,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Step> {
    this.#walksOpen += 1
    try {
      yield* honest
      while (this.#endless?.walk === walk && this.fate !== 'end') {
        const { gives, stepMs, isPolite } = this.#endless
        await new Promise<void>((resolve) => this.#timers.after(stepMs, resolve))
        if (gives === 'no step') await new Promise(() => undefined)
        if (isPolite) this.#lookUp(signal)
        if (this.fate === 'fail') throw new ReplicaError('UNAVAILABLE', 'it has broken at last', { replica: this.id })
        this.#stepsGiven += 1
        yield stepOf(this.#endless, this.#stepsGiven)
      }
    } finally {
      this.#walksOpen -= 1
    }
  }

  #lookUp(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    if (this.#honest.isClosed) throw new ReplicaError('CLOSED', 'it was closed', { replica: this.id })
  }
}

function scanStep(endless: Endless, count: number): readonly ScanEntry[] {
  return keysOf(endless, count, 'mine:never there').map((key) => storedHeadOf(valueAt(1, key)))
}

function digestStep({ gives }: Endless): DigestStep {
  return { records: gives === 'nothing' ? 0 : 100, sums: null, retired: 0 }
}

function changesStep(endless: Endless, count: number): ChangesStep {
  return { keys: keysOf(endless, count, 'mine:a'), position: `1/${endless.gives === 'ever new' ? count : 1}` }
}

function keysOf({ gives, perStep = 1 }: Endless, count: number, same: string): readonly string[] {
  if (gives === 'nothing') return []
  return Array.from({ length: perStep }, (_, place) => (gives === 'the same' ? same : `mine:new ${count}.${place}`))
}
