import type { Operation } from './history.ts'

/** How explanations name an operation: `#7 get → x`. */
export function named(operation: Operation): string {
  return `#${operation.index} ${deed(operation)}`
}

/** What was asked, and for a get what it returned. */
export function deed({ kind, value }: Operation): string {
  if (kind === 'set') return `set ${value}`
  if (kind === 'get') return `get → ${value ?? 'nothing'}`
  return kind
}

/** `a`; `a and b`; `a, b and c`. */
export function listed(texts: readonly string[]): string {
  if (texts.length < 2) return texts.join('')
  return `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`
}
