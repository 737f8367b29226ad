import { FailureDetector, type FailureDetectorOptions, failureDetectorDefaults } from '../core/failure-detector.ts'
import { ReplicaError } from '../errors.ts'
import type { Events, QuorumEventOf, ReplicaCall } from '../events.ts'
import type { CallOptions, Replica } from '../replica.ts'
import type { Runtime } from '../runtime.ts'
import { decorate, decorateWalks } from './decorate.ts'
import { VoiceGate } from './voice.ts'

export interface WatchedReplica extends Replica {
  /** Whether a call sent now would go out. */
  isWorthAsking(): boolean
  /** The error that a call with these options would be refused with, at no cost; null when it would go out. */
  refusal(options: CallOptions): ReplicaError | null
  /** As the failure detector sees it. */
  condition(): 'up' | 'down' | 'probing'
  /** Whether what it says counts. */
  readonly gate: VoiceGate
}

export interface DetectorOptions extends Partial<FailureDetectorOptions> {
  /** Is told to distrust the replica after every failure that may have changed its lineage. Default: one that always counts. */
  readonly gate?: VoiceGate
}

/**
 * Refuses calls to a replica that is down, at once, but for one probe at a time; lets `lastResort` calls through.
 * Announces when the replica goes down, comes up, and every failed call. Scans, digests and changes are announced
 * when they fail and tell nothing more: they are long and rare, and what they need is not what a request needs.
 */
export function withFailureDetector(
  inner: Replica,
  runtime: Runtime,
  events: Events,
  { gate = VoiceGate.granted(inner.id), ...options }: DetectorOptions = {},
): WatchedReplica {
  const detector = new FailureDetector({ ...failureDetectorDefaults, ...options })
  const { clock, random } = runtime
  /** One error for all calls that are refused until the replica is up again: to make one for each would cost them dear. */
  let refusal = refusalOf(inner.id)

  /** @param isTelling whether the failure says something new about the replica */
  function noteFailure(call: ReplicaCall, keys: number, error: ReplicaError, isTelling: boolean): void {
    announceFailure(events, { replica: inner.id, call, keys, error })
    if (!isAlive(error)) gate.distrust()
    if (error.code === 'CLOSED') return
    if (isAlive(error)) noteSuccess()
    else if (isTelling && detector.failed(clock.monotonicMs(), random.fraction())) {
      refusal = refusalOf(inner.id, error)
      events.emit({ type: 'replica-down', replica: inner.id, error })
    }
  }

  function noteSuccess(): void {
    if (detector.succeeded()) events.emit({ type: 'replica-up', replica: inner.id })
  }

  async function watched<Answer>(
    call: ReplicaCall,
    keys: number,
    callOptions: CallOptions,
    run: (options: CallOptions) => Promise<Answer>,
  ): Promise<Answer> {
    const wasUp = detector.condition === 'up'
    const isAdmitted = detector.admits(clock.monotonicMs())
    if (!isAdmitted && callOptions.lastResort !== true) throw refusal
    try {
      const answer = await run(callOptions)
      noteSuccess()
      return answer
    } catch (error) {
      // While the replica is down only its probe tells: calls sent before it went down may fail long after.
      const isTelling = detector.condition === 'up' || (isAdmitted && !wasUp)
      if (error instanceof ReplicaError) noteFailure(call, keys, error, isTelling)
      throw error
    }
  }

  return {
    ...decorate(inner, watched),
    ...decorateWalks(inner, (walk, _stepTimeoutMs, start) => announcedSteps(start(), walk, events, gate)),
    refusal: ({ lastResort }) => (lastResort === true || detector.wouldAdmit(clock.monotonicMs()) ? null : refusal),
    isWorthAsking: () => detector.wouldAdmit(clock.monotonicMs()),
    condition: () => detector.condition,
    gate,
  }
}

function refusalOf(replica: string, cause?: ReplicaError): ReplicaError {
  return new ReplicaError('UNAVAILABLE', 'held to be down, not asked', { replica, cause })
}

/** A server that rejects a request answers all the same: other requests may well succeed. */
function isAlive(error: ReplicaError): boolean {
  return error.code === 'REJECTED' || error.code === 'CORRUPT'
}

function announceFailure(events: Events, failure: Omit<QuorumEventOf<'replica-failure'>, 'type'>): void {
  if (events.hasListeners('replica-failure')) events.emit({ type: 'replica-failure', ...failure })
}

async function* announcedSteps<Step>(
  steps: AsyncIterable<Step>,
  call: ReplicaCall,
  events: Events,
  gate: VoiceGate,
): AsyncGenerator<Step> {
  try {
    for await (const step of steps) yield step
  } catch (error) {
    if (error instanceof ReplicaError) {
      if (!isAlive(error)) gate.distrust()
      announceFailure(events, { replica: gate.replica, call, keys: 0, error })
    }
    throw error
  }
}
