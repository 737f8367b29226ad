import { describe, expect, test } from 'vitest'
import { drawnHistory } from './drawn-history.ts'
import { checkLinearizability } from './linearizability.ts'
import { checkMonotonicReads } from './monotonic.ts'
import { checkRegular } from './regular.ts'
import { checkResurrection } from './resurrection.ts'

describe('what an explanation says', () => {
  test.each([
    {
      drawn: `
      c0: |-set x-| |-set y-|
      c1:                     |-get x-|`,
      check: checkRegular,
      words: '#2 get → x, although #1 set y was acknowledged before it began and is newer',
    },
    {
      drawn: `
      c0: |-set x-|
      c1:           |-get --|`,
      check: checkRegular,
      words:
        '#1 get → nothing, although #0 set x was acknowledged before it began and nothing that takes its place can have come since',
    },
    {
      drawn: `
      c0: |-set x-| |--------set y--------|
      c1:             |-get y-| |-get x-|`,
      check: checkMonotonicReads,
      words:
        'each of these found or left a record no older than the one before it, round in a circle: #0 set x; ' +
        '#2 get → y, which began after #0 had ended; #3 get → x, which began after #2 had ended; #0 set x, which #3 found',
    },
    {
      drawn: `
      c0: |-set x-| |-delete-|
      c1:                      |-get x-|`,
      check: checkResurrection,
      words: '#2 get → x returned what came before #1 delete, which was acknowledged before the get began',
    },
    {
      drawn: `
      c0: |-set x-| |--------set y--------|
      c1:             |-get y-| |-get x-|`,
      check: checkLinearizability,
      words:
        'there is no order in which each operation happens at one moment: in the longest that works the key holds what ' +
        '#0 set x wrote, and then #1 set y would have to come next, with #3 get → x still to come',
    },
  ])('$check.name', ({ drawn, check, words }) => {
    expect(check(drawnHistory(drawn))[0]?.explanation).toBe(words)
  })
})
