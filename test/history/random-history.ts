import type { Random } from '../../src/runtime.ts'
import { type History, type Operation, someValue } from './history.ts'

interface Shape {
  readonly operations: number
  readonly timeMax: number
  /** How long a write and a read may take. */
  readonly writeMs: number
  /** Until when writes begin. */
  readonly writesUntil: number
  readonly readMs: number
}

/** Some operations on one key by many clients, at whole moments up to `timeMax`: what they found is made up. */
export function randomHistory(random: Random, { operations, timeMax, writeMs, writesUntil, readMs }: Shape): History {
  const upTo = (end: number) => Math.floor(random.fraction() * end)
  const kinds = ['set', 'set', 'set', 'get', 'get', 'get', 'delete', upTo(2) === 0 ? 'clear' : 'get'] as const
  return { operations: Array.from({ length: operations }, (_, index) => operationOf(index)) }

  function operationOf(index: number): Operation {
    const kind = kinds[upTo(kinds.length)] ?? 'get'
    const invokedAt = upTo(kind === 'get' ? timeMax : writesUntil)
    const isUnknown = kind !== 'get' && upTo(5) === 0
    const endedAt = Math.min(timeMax, invokedAt + upTo(kind === 'get' ? readMs : writeMs))
    const times = { invokedAt, returnedAt: isUnknown && upTo(2) === 0 ? null : endedAt }
    const outcome = isUnknown ? 'unknown' : 'ok'
    const expiresAtMs = kind === 'set' && upTo(3) === 0 ? invokedAt + upTo(timeMax) : null
    return { index, client: `c${index}`, kind, key: 'a', value: wordFor(kind, index), expiresAtMs, ...times, outcome }
  }

  function wordFor(kind: Operation['kind'], index: number): string | null {
    if (kind === 'set') return `x${index}`
    if (kind !== 'get' || upTo(4) === 0) return null
    return upTo(8) === 0 ? someValue : `x${upTo(operations)}`
  }
}
