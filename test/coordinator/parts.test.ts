import { describe, expect, test } from 'vitest'
import { partsOf } from '../../src/coordinator/parts.ts'

describe('the parts of a request', () => {
  test.each([
    [[1, 2, 3, 4, 5], 2, [[1, 2], [3, 4], [5]]],
    [
      [1, 2, 3, 4],
      2,
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [[1, 2, 3], 1, [[1], [2], [3]]],
    [[1, 2, 3], 4, [[1, 2, 3]]],
  ])('of %j, at most %d each, are %j', (entries, entriesMax, parts) => {
    expect(partsOf(entries, entriesMax)).toEqual(parts)
  })

  test('is the very same list where it fits, so that an adapter may encode it once for all replicas', () => {
    const entries = [1, 2, 3]
    expect(partsOf(entries, 3)[0]).toBe(entries)
  })
})
