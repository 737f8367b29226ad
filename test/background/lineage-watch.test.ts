import { expect, test } from 'vitest'
import { LineageWatch } from '../../src/background/lineage-watch.ts'

const other = { told: 'here', recorded: 'elsewhere' }

test('another lineage on record, once, proves nothing: a store that was late may have put it there', () => {
  const watch = new LineageWatch()
  watch.counted('here')
  expect(watch.differs(other, { begun: 1, told: 1 })).toBe('known')
  expect(watch.differs(other, { begun: 9, told: 9 })).toBe('known')
  expect(watch.conflict).toBeNull()
})

test('the same one again, after this one was on record anew, is a conflict once the replica was asked again', () => {
  const watch = new LineageWatch()
  watch.counted('here')
  watch.differs(other, { begun: 1, told: 1 })
  watch.counted('here')
  expect(watch.differs(other, { begun: 2, told: 2 })).toBe('ask again')
  expect(watch.differs(other, { begun: 2, told: 2 })).toBe('known')
  expect(watch.conflict).toBeNull()
  watch.differs(other, { begun: 3, told: 3 })
  expect(watch.conflict).toEqual(other)
  watch.counted('here')
  expect(watch.conflict).toBeNull()
})

test('a replica that tells another lineage than it counted with lost its data, and that is no conflict', () => {
  const watch = new LineageWatch()
  for (const lineage of ['here', 'there', 'here']) {
    watch.counted(lineage)
    expect(watch.differs({ told: 'after loss', recorded: lineage }, { begun: 2, told: 2 })).toBe('known')
  }
  expect(watch.conflict).toBeNull()
})
