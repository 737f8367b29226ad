import { expect } from 'vitest'
import { KeyRead, type ReadPlan, type ReadStep } from '../../src/core/read.ts'
import type { CorruptRecord, VersionedRecord } from '../../src/core/record.ts'
import { drawnRecord, tableNowMs } from './drawn-record.ts'
import { type ReadEvent, type TwinStep, twinStep } from './read-twin.ts'
import { permutations, tuples } from './small-cases.ts'

export type Reply = VersionedRecord | CorruptRecord | null | 'fails'

export const corrupt: CorruptRecord = { kind: 'corrupt', key: 'k', reason: 'made so' }
export const old = drawnRecord('1')
export const recent = drawnRecord('2')
export const recentTwin = drawnRecord('2b')
export const tombstone = drawnRecord('x2')
export const keptTombstone = drawnRecord('x3+')

export function endsOf(puts: readonly ('holds' | 'failed' | 'none')[]): ReadEvent[] {
  return puts.flatMap((putBack, replica) => (putBack === 'none' ? [] : [{ replica, putBack }]))
}

/** Every r, every list of these answers, every order in which they come. */
export function agreeOnEveryHistory(n: number, replies: readonly Reply[]): void {
  const orders = permutations(n)
  for (const given of tuples(replies, n)) {
    for (const order of orders) {
      const history = order.map((replica) => eventOf(replica, given[replica] ?? null))
      for (let r = 1; r <= n; r += 1) agree({ n, r, holdersNeeded: 0 }, history)
    }
  }
}

/** Feeds a read and its dumb twin, event by event, and fails where they differ. Tells the replicas that something was put back on; none where no write-back began. */
export function agree(plan: ReadPlan, history: readonly ReadEvent[]): readonly number[] {
  const read = new KeyRead<VersionedRecord>(plan)
  let targets: readonly number[] = []
  const soFar: ReadEvent[] = []
  for (const event of history) {
    // Ends of puts that never began are left out.
    if ('putBack' in event && targets.length === 0) continue
    soFar.push(event)
    const step = feed(read, event)
    const twin = twinStep(plan, soFar, tableNowMs)
    if (step.writeBack !== null) targets = step.writeBack.replicas
    if (!isSame(step, twin)) expect({ plan, soFar, step }).toEqual({ plan, soFar, step: twin })
  }
  return targets
}

function feed(read: KeyRead<VersionedRecord>, event: ReadEvent): ReadStep<VersionedRecord> {
  if ('fails' in event) return read.addFailure(event.replica, tableNowMs)
  if ('putBack' in event) return read.addWriteBack(event.replica, event.putBack)
  return read.addAnswer(event.replica, event.answer, tableNowMs)
}

export function eventOf(replica: number, reply: Reply): ReadEvent {
  return reply === 'fails' ? { replica, fails: true } : { replica, answer: reply }
}

/** Quick, because it runs millions of times; what differs is then shown by `expect`. */
function isSame(step: ReadStep<VersionedRecord>, twin: TwinStep): boolean {
  if (step.settled !== twin.settled || step.repairs.length !== twin.repairs.length) return false
  if (step.writeBack?.record !== twin.writeBack?.record) return false
  if (String(step.writeBack?.replicas) !== String(twin.writeBack?.replicas)) return false
  return step.repairs.every((repair) =>
    twin.repairs.some(
      (other) => other.replica === repair.replica && other.held === repair.held && other.record === repair.record,
    ),
  )
}
