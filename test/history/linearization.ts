import type { KeyHistory, Read, Write } from './key-history.ts'
import type { RealTime } from './real-time.ts'
import { spansOf } from './spans.ts'
import { type Span, type Start, type Step, StepList } from './step-list.ts'
import { StepSet } from './step-set.ts'

/** The longest order that works, where none works for all. */
export interface Impasse {
  /** What the key holds after it; null for nothing. */
  readonly holds: Write | null
  /** What has to come next, because everything else begins only afterwards, and cannot. */
  readonly stuck: Step
}

/** One way to go on: to place a step, or, without one, to let a clear strike that has more to do. */
interface Move {
  readonly start: Start | null
  readonly holds: Write | null
}

/** A point of the search: how it was reached, and where one may go from there. */
interface Point {
  readonly placed: readonly Start[]
  readonly heldBefore: Write | null
  readonly moves: Move[]
}

/**
 * Searches for a linearization of one key: Wing and Gong's search in depth, with Lowe's memory of where it has been (what
 * is placed, and what the key then holds) and his list from which steps are lifted.
 *
 * Some choices are never wrong, and then nothing else is tried in their place: a read that fits is placed at once, since it
 * changes nothing, and what may expire does so as early as it can, since that only allows more. Some are never right:
 * every value is written once, so none is replaced while a read that found it has no place yet.
 */
export class Linearization {
  readonly #time: RealTime
  readonly #list: StepList
  readonly #placed: StepSet
  readonly #order: Start[] = []
  readonly #readsLeft = new Map<Write, number>()
  readonly #mayExpire: ReadonlyMap<Write, number>
  readonly #mustExpire: ReadonlyMap<Write, number>
  readonly #seen = new Set<string>()
  #holds: Write | null = null
  #longest = -1
  #impasse: Impasse | null = null

  constructor(history: KeyHistory, time: RealTime) {
    const spans = spansOf(history, time)
    this.#time = time
    this.#list = new StepList(spans)
    this.#placed = new StepSet(spans.length)
    this.#mayExpire = numbersOf(spans, 'may expire')
    this.#mustExpire = numbersOf(spans, 'must expire')
    for (const { found } of history.reads) if (typeof found === 'object') this.#countReads(found, 1)
  }

  /** @returns null when there is a linearization */
  impasse(): Impasse | null {
    const points = [this.#arrive(null, null)]
    for (let point = points.at(-1); point !== undefined; point = points.at(-1)) {
      if (this.#list.due === 0) return null
      const move = point.moves.pop()
      if (move !== undefined) {
        const heldBefore = this.#holds
        this.#make(move)
        if (this.#isNew()) points.push(this.#arrive(move.start, heldBefore))
        else this.#takeBack(move.start === null ? [] : [move.start], heldBefore)
      } else {
        this.#noteImpasse()
        this.#takeBack(point.placed, point.heldBefore)
        points.pop()
      }
    }
    return this.#impasse
  }

  #make({ start, holds }: Move): void {
    if (start !== null) this.#place(start)
    this.#holds = holds
  }

  #isNew(): boolean {
    const where = `${this.#placed.text()} ${this.#holds?.operation.index ?? ''}`
    if (this.#seen.has(where)) return false
    this.#seen.add(where)
    return true
  }

  #arrive(start: Start | null, heldBefore: Write | null): Point {
    const placed = start === null ? [] : [start]
    let fitting = this.#list.next().filter(({ step }) => this.#fits(step))
    while (fitting.length > 0) {
      for (const each of fitting) this.#place(each)
      placed.push(...fitting)
      fitting = this.#list.next().filter(({ step }) => this.#fits(step))
    }
    return { placed, heldBefore, moves: this.#moves() }
  }

  #place(start: Start): void {
    this.#list.lift(start)
    this.#placed.flip(start.id)
    this.#order.push(start)
    if (start.step.kind === 'read' && typeof start.step.read.found === 'object') {
      this.#countReads(start.step.read.found, -1)
    }
  }

  #takeBack(placed: readonly Start[], heldBefore: Write | null): void {
    for (const start of placed.toReversed()) {
      this.#list.unlift(start)
      this.#placed.flip(start.id)
      this.#order.pop()
      if (start.step.kind === 'read' && typeof start.step.read.found === 'object') {
        this.#countReads(start.step.read.found, 1)
      }
    }
    this.#holds = heldBefore
  }

  #countReads(write: Write, change: number): void {
    this.#readsLeft.set(write, this.#readsLeftOf(write) + change)
  }

  #readsLeftOf(write: Write): number {
    return this.#readsLeft.get(write) ?? 0
  }

  /** Whether it can be placed here, and nothing is lost by that. */
  #fits(step: Step): boolean {
    if (step.kind === 'read') return this.#explains(step.read)
    return step.kind === 'may expire'
  }

  #explains({ found }: Read): boolean {
    const held = this.#holds
    if (found === 'absent') return held === null || this.#isPast(this.#mayExpire, held)
    if (held === null || (found !== 'present' && found !== held)) return false
    return !this.#isPast(this.#mustExpire, held)
  }

  #isPast(expiry: ReadonlyMap<Write, number>, write: Write): boolean {
    const id = expiry.get(write)
    return id !== undefined && this.#placed.has(id)
  }

  /** In reverse: the last is tried first. */
  #moves(): Move[] {
    const held = this.#holds
    const canReplace = held === null || this.#readsLeftOf(held) === 0
    return withoutSpareDeletes(this.#list.next())
      .flatMap((start) => {
        const { step } = start
        if (step.kind === 'must expire' && this.#readsLeftOf(step.write) === 0) return [{ start, holds: held }]
        if (step.kind === 'write') return this.#movesOf(start, step.write, canReplace)
        return step.kind === 'optional write' && canReplace ? this.#optionalMovesOf(start, step.write) : []
      })
      .reverse()
  }

  #movesOf(start: Start, write: Write, canReplace: boolean): Move[] {
    if (write.kind !== 'clear') return canReplace ? [{ start, holds: write.kind === 'set' ? write : null }] : []
    const held = this.#holds
    const moves: Move[] = canReplace ? [{ start, holds: null }] : []
    if (held === null) return moves
    // A clear strikes each key as often as it meets a value there; it passes by what it takes for expired, or for newer.
    if (canReplace) moves.push({ start: null, holds: null })
    if (this.#isPast(this.#mayExpire, held) || this.#time.maySurvive(held, write)) moves.push({ start, holds: held })
    return moves
  }

  #optionalMovesOf(start: Start, write: Write): Move[] {
    if (write.kind === 'set') return [{ start, holds: write }]
    const held = this.#holds
    if (held === null) return []
    if (write.kind === 'delete') return [{ start, holds: null }]
    // However late it strikes, what it strikes it found before it ended.
    return held.invokedAt <= write.endedAt ? [{ start: null, holds: null }] : []
  }

  #noteImpasse(): void {
    if (this.#order.length <= this.#longest) return
    this.#longest = this.#order.length
    const stuck = this.#list.mostUrgent()
    if (stuck !== null) this.#impasse = { holds: this.#holds, stuck: stuck.step }
  }
}

/** All deletes do the same, so of those with an unknown outcome only the one that began first need be tried next. */
function withoutSpareDeletes(starts: readonly Start[]): Start[] {
  const isSpare = ({ step }: Start) => step.kind === 'optional write' && step.write.kind === 'delete'
  const first = starts.find(isSpare)
  return starts.filter((start) => start === first || !isSpare(start))
}

function numbersOf(spans: readonly Span[], kind: 'may expire' | 'must expire'): Map<Write, number> {
  const numbers = new Map<Write, number>()
  for (const [id, { step }] of spans.entries()) if (step.kind === kind) numbers.set(step.write, id)
  return numbers
}
