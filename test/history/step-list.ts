import type { Read, Write } from './key-history.ts'

/** What has to find its place in a linearization of one key. */
export type Step =
  | { readonly kind: 'write' | 'optional write'; readonly write: Write }
  | { readonly kind: 'read'; readonly read: Read }
  /** No deed of a client: from here on readers may, or must, take the value of the write for expired. */
  | { readonly kind: 'may expire' | 'must expire'; readonly write: Write }

/** A step with the time in which its place has to lie: both ends included, the later one infinite if it may be left out. */
export interface Span {
  readonly step: Step
  readonly from: number
  readonly to: number
}

/** The end of a step in the list, and the end of the list itself. */
class Link {
  previous: Link = this
  next: Link = this

  get start(): Start | null {
    return null
  }

  insertBefore(where: Link): void {
    this.previous = where.previous
    this.next = where
    this.relink()
  }

  unlink(): void {
    this.previous.next = this.next
    this.next.previous = this.previous
  }

  /** It still knows the neighbours that it had. */
  relink(): void {
    this.previous.next = this
    this.next.previous = this
  }
}

/** The start of a step in the list. */
export class Start extends Link {
  readonly step: Step
  /** The number of the step. */
  readonly id: number
  /** Null for a step that may be left out. */
  readonly end: Link | null

  constructor(step: Step, id: number, end: Link | null) {
    super()
    this.step = step
    this.id = id
    this.end = end
  }

  override get start(): Start {
    return this
  }
}

/**
 * The starts and ends of steps in the order of time, as a list from which a step is lifted when it has found its place, and
 * to which it returns when that place was wrong: in the reverse order of the lifting, which makes both cheap. What starts
 * before the first end in the list may be placed next.
 */
export class StepList {
  readonly #ring = new Link()
  #due = 0

  constructor(spans: readonly Span[]) {
    const timed: { at: number; isEnd: boolean; link: Link }[] = []
    for (const [id, { step, from, to }] of spans.entries()) {
      const end = to === Number.POSITIVE_INFINITY ? null : new Link()
      timed.push({ at: from, isEnd: false, link: new Start(step, id, end) })
      if (end !== null) timed.push({ at: to, isEnd: true, link: end })
    }
    this.#due = timed.filter(({ isEnd }) => isEnd).length
    // What meets at one moment overlaps, so starts come first.
    timed.sort((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd))
    for (const { link } of timed) link.insertBefore(this.#ring)
  }

  /** How many steps still have to find their place. */
  get due(): number {
    return this.#due
  }

  /** What may be placed next. */
  next(): Start[] {
    const starts: Start[] = []
    for (let link = this.#ring.next; link.start !== null; link = link.next) starts.push(link.start)
    return starts
  }

  /** The one that has to be placed first, because its end is the first in the list. */
  mostUrgent(): Start | null {
    const starts = this.next()
    const end = starts.at(-1)?.next
    return starts.find((start) => start.end === end) ?? null
  }

  lift(start: Start): void {
    start.unlink()
    if (start.end === null) return
    start.end.unlink()
    this.#due -= 1
  }

  unlift(start: Start): void {
    if (start.end !== null) {
      start.end.relink()
      this.#due += 1
    }
    start.relink()
  }
}
