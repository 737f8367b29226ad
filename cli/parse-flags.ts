import { InvalidArgumentError } from 'commander'
import type { SweepPartition } from '../src/events/sweep-report.ts'

/** `3/16`: the third of sixteen parts. */
export function parsePartition(text: string): SweepPartition {
  const [whole, number, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []
  const [place, parts] = [Number(number), Number(of)]
  if (whole === undefined) throw new InvalidArgumentError('Expected PART/PARTS, such as 3/16.')
  if (place < 1 || place > parts) {
    throw new InvalidArgumentError(`Expected a part from 1 to ${parts}, such as 1/${Math.max(parts, 1)}.`)
  }
  return { partition: place - 1, of: parts }
}

/** A whole number, 1 or more. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError('Expected a whole number, 1 or more.')
  }
  return count
}

export function parseSeries(text: string): 5 | 6 {
  if (text === '5') return 5
  if (text === '6') return 6
  throw new InvalidArgumentError('Expected 5 or 6.')
}

/** For options that may be repeated. */
export function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text]
}
