import { describe, expect, test } from 'vitest'
import { drawnHistory } from './drawn-history.ts'
import { checkMonotonicReads } from './monotonic.ts'

describe('versions', () => {
  test.each([
    { first: 'get x v2', second: 'get y v1', breaks: ['monotonic'] },
    { first: 'get x v1', second: 'get y v2', breaks: [] },
    { first: 'get x v1', second: 'get x v1', breaks: [] },
    { first: 'get x v1', second: 'get y v1', breaks: ['monotonic'] },
    { first: 'get - v2', second: 'get x v1', breaks: ['monotonic'] },
    { first: 'get -', second: 'get x v1', breaks: [] },
  ])('$first, then $second', ({ first, second, breaks }) => {
    const history = drawnHistory(`
      c0: |----------------set x----------------|
      c1: |----------------set y----------------|
      c2: |----------------delete---------------|
      c3:     |-${first}-| |-${second}-|`)
    expect(checkMonotonicReads(history).map(({ rule }) => rule)).toEqual(breaks)
  })
})
