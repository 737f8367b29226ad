import type { KeyHistory, Read, Write } from './key-history.ts'
import type { RealTime } from './real-time.ts'
import type { Span } from './step-list.ts'

/** What a linearization of the key has to place, by when it may be placed first. */
export function spansOf({ writes, reads }: KeyHistory, time: RealTime): Span[] {
  const seenBy = firstSightings(reads)
  const spans = writes.flatMap((write): Span[] => {
    const span = spanOf(write, seenBy.get(write))
    return isOfUse(span, reads, time) ? [span, ...expiriesOf(write, time)] : []
  })
  for (const read of reads) spans.push({ step: { kind: 'read', read }, from: read.invokedAt, to: read.returnedAt })
  return spans.toSorted((a, b) => a.from - b.from)
}

/** A write that was seen was done by then, whatever its client heard. */
function spanOf(write: Write, seenAt: number | undefined): Span {
  const to = Math.min(write.acknowledgedAt, seenAt ?? Number.POSITIVE_INFINITY)
  return {
    step: { kind: to === Number.POSITIVE_INFINITY ? 'optional write' : 'write', write },
    from: write.invokedAt,
    to,
  }
}

function firstSightings(reads: readonly Read[]): Map<Write, number> {
  const seenBy = new Map<Write, number>()
  for (const { found, returnedAt } of reads) {
    if (typeof found === 'object') seenBy.set(found, Math.min(returnedAt, seenBy.get(found) ?? returnedAt))
  }
  return seenBy
}

/** A set of unknown outcome whose value nobody saw can be taken for not done, unless it might explain what a read did not see. */
function isOfUse({ step }: Span, reads: readonly Read[], time: RealTime): boolean {
  if (step.kind !== 'optional write' || step.write.kind !== 'set') return true
  return reads.some((read) => typeof read.found !== 'object' && time.canBeFoundBy(step.write, read))
}

function expiriesOf(write: Write, { expiryToleranceMs }: RealTime): Span[] {
  const { kind, expiresAtMs } = write
  if (kind !== 'set' || expiresAtMs === Number.POSITIVE_INFINITY) return []
  const mayAt = expiresAtMs - expiryToleranceMs
  const mustAt = expiresAtMs + expiryToleranceMs
  return [
    { step: { kind: 'may expire', write }, from: mayAt, to: mayAt },
    { step: { kind: 'must expire', write }, from: mustAt, to: mustAt },
  ]
}
