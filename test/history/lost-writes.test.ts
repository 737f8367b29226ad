import { describe, expect, test } from 'vitest'
import { drawnHistory } from './drawn-history.ts'
import { checkLostWrites } from './regular.ts'

describe('lost writes', () => {
  test.each([
    { what: 'the last write is there', final: '|-get y-|', isLost: false },
    { what: 'an earlier one is there', final: '|-get x-|', isLost: true },
    { what: 'nothing is there', final: '|-get --|', isLost: true },
    { what: 'one of unknown outcome is there', final: '|-get z-|', isLost: false },
  ])('$what', ({ final, isLost }) => {
    const history = drawnHistory(`
      c0: |-set x-|           |-set y-|
      c1:           |-set z-?           |-get x-|
      c2:                                         ${final}`)
    expect(checkLostWrites(history, 40).map(({ rule }) => rule)).toEqual(isLost ? ['lost-write'] : [])
  })

  test('two that end in the same final state contradict each other where they differ', () => {
    const history = drawnHistory(`
      c0: |-set x-|
      c1:  |-set y-|
      c2:            |-get x-| |-get y-|`)
    expect(checkLostWrites(history, 10)).toHaveLength(1)
    expect(checkLostWrites(history, 20)).toEqual([])
  })
})
