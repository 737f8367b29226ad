import { isAcknowledged, type Read, type Write } from './key-history.ts'

/** How far the clocks of clients may lie apart; all in ms, 0 where left out. */
export interface ClockTolerances {
  /**
   * Within this time before and after its expiry, a value may be read as there and as absent: readers go by clocks of
   * their own. The most that the clock of any reader is off the clock of the history.
   */
  readonly expiryToleranceMs?: number
  /**
   * A write that was acknowledged less than this before a clear began may survive it: the most that two clients' clocks
   * differ. In step, nothing survives.
   */
  readonly clearToleranceMs?: number
}

/** What real time tells: which write is certainly before which, and what may have expired. */
export class RealTime {
  readonly expiryToleranceMs: number
  readonly clearToleranceMs: number

  constructor({ expiryToleranceMs = 0, clearToleranceMs = 0 }: ClockTolerances) {
    this.expiryToleranceMs = expiryToleranceMs
    this.clearToleranceMs = clearToleranceMs
  }

  /**
   * Whether the second of two acknowledged writes takes the place of the first. A clear passes by what it takes for
   * expired, and then says nothing about it.
   */
  isBefore(first: Write, second: Write): boolean {
    if (!isAcknowledged(second)) return false
    if (second.kind !== 'clear') return first.acknowledgedAt < second.invokedAt
    return !this.maySurvive(first, second) && !this.mayBeExpiredAt(first, second.endedAt)
  }

  /** Whether a clear may take the write for one that came after it began. */
  maySurvive({ acknowledgedAt }: Write, clear: Write): boolean {
    return acknowledgedAt >= clear.invokedAt - this.clearToleranceMs
  }

  /** Whether some reader may have taken the write for expired by then. */
  mayBeExpiredAt({ expiresAtMs }: Write, time: number): boolean {
    return expiresAtMs - this.expiryToleranceMs <= time
  }

  /** Whether every reader had to take the write for expired before then. */
  mustBeExpiredAt({ expiresAtMs }: Write, time: number): boolean {
    return expiresAtMs + this.expiryToleranceMs < time
  }

  /** Whether the read can be explained by finding just this write: also a dead one, where it found nothing. */
  canBeFoundBy(write: Write, { invokedAt, returnedAt, found }: Read): boolean {
    if (write.invokedAt > returnedAt) return false
    if (found === 'absent') return write.kind !== 'set' || this.mayBeExpiredAt(write, returnedAt)
    const isWanted = found === 'present' ? write.kind === 'set' : write === found
    return isWanted && !this.mustBeExpiredAt(write, invokedAt)
  }
}
