import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Hints, type HintsOptions } from '../../src/background/hints.ts'
import { Events, type QuorumEvent } from '../../src/events.ts'

function scene(options?: HintsOptions) {
  const events = new Events()
  const told: QuorumEvent[] = []
  events.on('event', (event) => told.push(event))
  return { hints: new Hints(events, options), told }
}

describe('hints', () => {
  test('are of each replica apart, each key once, first come first taken', () => {
    const { hints } = scene()
    hints.add('A', ['x', 'y'])
    hints.add('B', ['y'])
    hints.add('A', ['z', 'x', 'y'])
    expect([hints.size('A'), hints.size('B'), hints.size('C')]).toEqual([3, 1, 0])
    expect(hints.take('A', 2)).toEqual(['x', 'y'])
    expect(hints.take('A', 2)).toEqual(['z'])
    expect(hints.take('A', 2)).toEqual([])
    expect(hints.take('C', 2)).toEqual([])
    expect(hints.take('B', 0)).toEqual([])
    expect(hints.take('B', 9)).toEqual(['y'])
  })

  test('that were taken and put back come after all others', () => {
    const { hints } = scene()
    hints.add('A', ['x', 'y', 'z'])
    hints.putBack('A', hints.take('A', 1))
    expect(hints.take('A', 9)).toEqual(['y', 'z', 'x'])
  })

  test('of a key that was missed again while it was under way are hints once more', () => {
    const { hints } = scene()
    hints.add('A', ['x'])
    const taken = hints.take('A', 1)
    hints.add('A', ['x'])
    hints.putBack('A', taken)
    expect(hints.take('A', 9)).toEqual(['x'])
  })

  test('that are too many are all dropped, and the replica needs a sweep', () => {
    const { hints, told } = scene({ keysMax: 3 })
    hints.add('B', ['x'])
    hints.add('A', ['a', 'b', 'c'])
    expect(told).toEqual([])
    hints.add('A', ['a', 'd', 'e'])
    const reason = 'it missed more than 3 keys'
    expect(told).toEqual([
      { type: 'dropped', work: 'hint', replica: 'A', count: 4, reason },
      { type: 'needs-sweep', replica: 'A', reason },
    ])
    expect(hints.needsSweep('A')).toBe(reason)
    expect(hints.needsSweep('B')).toBeNull()
    expect([hints.take('A', 9), hints.take('B', 9)]).toEqual([['e'], ['x']])
  })

  test('that are too long together are dropped too', () => {
    const { hints, told } = scene({ lengthMax: 10 })
    hints.add('A', ['12345', '12345'])
    hints.add('A', ['67890'])
    expect(hints.size('A')).toBe(2)
    hints.add('A', ['!'])
    expect(hints.size('A')).toBe(0)
    expect(told[0]).toMatchObject({ count: 3, reason: 'it missed keys of more than 10 characters' })
  })

  test('that were taken or forgotten weigh nothing any more', () => {
    const { hints, told } = scene({ lengthMax: 10 })
    for (let round = 0; round < 5; round += 1) {
      hints.add('A', ['12345', '67890'])
      if (round % 2 === 0) hints.take('A', 2)
      else hints.clear('A')
    }
    expect(told).toEqual([])
  })

  test('that overflow again are counted, and the sweep that is needed is told of once', () => {
    const { hints, told } = scene({ keysMax: 1 })
    hints.add('A', ['a', 'b', 'c', 'd'])
    expect(told.map(({ type }) => type)).toEqual(['dropped', 'needs-sweep', 'dropped'])
    hints.sweptClean('A')
    expect(hints.needsSweep('A')).toBeNull()
    hints.add('A', ['a', 'b'])
    expect(told.filter(({ type }) => type === 'needs-sweep')).toHaveLength(2)
  })

  test('that were dropped while a sweep went on make another one due', () => {
    const { hints } = scene({ keysMax: 1 })
    hints.add('A', ['a', 'b'])
    const mark = hints.sweepMark('A')
    hints.add('A', ['c', 'd'])
    hints.sweptClean('A', mark)
    expect(hints.needsSweep('A')).not.toBeNull()
    hints.sweptClean('A', hints.sweepMark('A'))
    expect(hints.needsSweep('A')).toBeNull()
  })

  test('of a replica that is removed are forgotten with all else about it', () => {
    const { hints } = scene({ keysMax: 1 })
    hints.add('A', ['a', 'b', 'c'])
    hints.remove('A')
    expect([hints.size('A'), hints.needsSweep('A'), hints.sweepMark('A')]).toEqual([0, null, 0])
  })
})

type Step =
  | { readonly call: 'add' | 'putBack'; readonly replica: string; readonly keys: readonly string[] }
  | { readonly call: 'take'; readonly replica: string; readonly count: number }
  | { readonly call: 'clear' | 'sweptClean'; readonly replica: string }

const replica = fc.constantFrom('A', 'B')
const keys = fc.array(fc.constantFrom('', 'a', 'bb', 'ccc', 'dddd', 'eeeee', '__proto__'), { maxLength: 8 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ call: fc.constantFrom('add', 'putBack'), replica, keys }),
  fc.record({ call: fc.constant('take'), replica, count: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ call: fc.constantFrom('clear', 'sweptClean'), replica }),
)

/** The same with a plain list that is gone through for everything. */
class DumbHints {
  readonly lists = new Map<string, string[]>()
  readonly unclean = new Set<string>()
  dropped = 0

  list(id: string): string[] {
    const list = this.lists.get(id) ?? []
    this.lists.set(id, list)
    return list
  }

  add(id: string, added: readonly string[], { keysMax, lengthMax }: Required<HintsOptions>): void {
    for (const key of added) {
      const list = this.list(id)
      if (list.includes(key)) continue
      list.push(key)
      if (list.length <= keysMax && list.join('').length <= lengthMax) continue
      this.dropped += list.length
      this.lists.set(id, [])
      this.unclean.add(id)
    }
  }
}

test('hints do what a plain list would', () => {
  const limits = fc.record({ keysMax: fc.integer({ min: 1, max: 6 }), lengthMax: fc.integer({ min: 1, max: 16 }) })
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 40 }), (options, steps) => {
      const { hints, told } = scene(options)
      const dumb = new DumbHints()
      for (const each of steps) {
        if (each.call === 'take') {
          expect(hints.take(each.replica, each.count)).toEqual(dumb.list(each.replica).splice(0, each.count))
        } else if ('keys' in each) {
          hints[each.call](each.replica, each.keys)
          dumb.add(each.replica, each.keys, options)
        } else {
          hints[each.call](each.replica)
          if (each.call === 'clear') dumb.lists.delete(each.replica)
          else dumb.unclean.delete(each.replica)
        }
        expect(hints.size(each.replica)).toBe(dumb.list(each.replica).length)
        expect(hints.needsSweep(each.replica) !== null).toBe(dumb.unclean.has(each.replica))
      }
      const counts = told.flatMap((event) => (event.type === 'dropped' ? [event.count] : []))
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(dumb.dropped)
    }),
    { numRuns: 500 },
  )
})
