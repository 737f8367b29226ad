/** An operation on a register, as it was seen from outside. `began` and `ended` number beginnings and ends in order. */
export interface RegisterOperation {
  readonly do: 'write' | 'read'
  /** What was written, or what was read; null for nothing. */
  readonly value: string | null
  readonly began: number
  /** Infinity for a write of which nobody knows whether, and when, it took effect. */
  readonly ended: number
}

/**
 * Whether there is an order of the operations, each at a moment between its beginning and its end, in which every read
 * finds what was written last. Tries all orders, as Wing and Gong did (1993); writes that never ended may be left out.
 */
export function isLinearizable(operations: readonly RegisterOperation[]): boolean {
  const seen = new Set<string>()

  function search(left: readonly RegisterOperation[], value: string | null): boolean {
    if (left.every(({ ended }) => ended === Number.POSITIVE_INFINITY)) return true
    const state = `${left.map(({ began }) => began).join()} ${value}`
    if (seen.has(state)) return false
    seen.add(state)
    const firstEnd = Math.min(...left.map(({ ended }) => ended))
    return left.some((operation) => {
      if (operation.began > firstEnd) return false
      if (operation.do === 'read' && operation.value !== value) return false
      const rest = left.filter((other) => other !== operation)
      return search(rest, operation.do === 'write' ? operation.value : value)
    })
  }

  return search(operations, null)
}
