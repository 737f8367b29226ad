import { describe, expect, it } from 'vitest'
import { type Access, KeyOrder } from '../../adapters/keyv/key-order.ts'
import { systemRuntime } from '../../src/runtime.ts'

const patient = 30_000

/** A call that goes on until it is told to end, and notes when it began. */
function heldCall(order: KeyOrder, access: Access, keys: readonly string[], timeoutMs = patient) {
  const { promise: end, resolve: finish } = Promise.withResolvers<string>()
  const { promise: began, resolve: begin } = Promise.withResolvers<void>()
  let hasBegun = false
  const answer = order.call('store', {
    access,
    keys,
    timeoutMs,
    run: () => {
      hasBegun = true
      begin()
      return end
    },
  })
  answer.catch(() => undefined)
  return { answer, began, finish: () => finish('done'), hasBegun: () => hasBegun }
}

function quickCall(order: KeyOrder, access: Access, keys: readonly string[], timeoutMs = patient): Promise<string> {
  return order.call('store', { access, keys, timeoutMs, run: async () => 'done' })
}

describe('the order of calls on a key', () => {
  it.each<[Access, Access, boolean]>([
    ['read', 'read', true],
    ['read', 'write', false],
    ['write', 'read', false],
    ['write', 'write', false],
  ])('a %s, then a %s: they overlap: %s', async (first, second, overlap) => {
    const order = new KeyOrder()
    const earlier = heldCall(order, first, ['a', 'b'])
    await earlier.began
    const later = heldCall(order, second, ['b', 'c'])
    expect(later.hasBegun()).toBe(overlap)
    earlier.finish()
    await later.began
    later.finish()
    expect(await later.answer).toBe('done')
  })

  it('calls on other keys do not wait', async () => {
    const order = new KeyOrder()
    const hanging = heldCall(order, 'write', ['a'])
    expect(await quickCall(order, 'write', ['b'])).toBe('done')
    hanging.finish()
  })

  it('writes of overlapping batches go one after the other, in the order of their calls', async () => {
    const order = new KeyOrder()
    const ran: number[] = []
    const batches = [['a', 'b'], ['b', 'c'], ['c', 'a'], ['a'], ['d', 'a', 'c']]
    await Promise.all(
      batches.map((keys, index) =>
        order.call('store', {
          access: 'write',
          keys,
          timeoutMs: patient,
          run: async () => {
            await Promise.resolve()
            ran.push(index)
          },
        }),
      ),
    )
    expect(ran).toEqual([0, 1, 2, 3, 4])
    expect(order.pendingCalls).toBe(0)
  })

  it('a write that timed out keeps later calls of its key waiting until it settles', async () => {
    const order = new KeyOrder()
    const hanging = heldCall(order, 'write', ['a'], 5)
    await expect(hanging.answer).rejects.toMatchObject({ code: 'TIMEOUT' })
    const later = heldCall(order, 'write', ['a'])
    expect(later.hasBegun()).toBe(false)
    hanging.finish()
    await later.began
    later.finish()
  })

  it('a call whose time is over while it waits was never sent, and never is', async () => {
    const order = new KeyOrder()
    const hanging = heldCall(order, 'write', ['a'])
    const waiting = heldCall(order, 'write', ['a'], 5)
    await expect(waiting.answer).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const last = quickCall(order, 'write', ['a'])
    hanging.finish()
    expect(await last).toBe('done')
    expect(waiting.hasBegun()).toBe(false)
  })

  it('a read that timed out keeps nobody waiting', async () => {
    const order = new KeyOrder()
    const hanging = heldCall(order, 'read', ['a'], 5)
    await expect(hanging.answer).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(await quickCall(order, 'write', ['a'])).toBe('done')
    hanging.finish()
  })

  it('a call learns that nobody waits for its answer any more', async () => {
    const order = new KeyOrder()
    const { promise: goOn, resolve } = Promise.withResolvers<void>()
    const { promise: told, resolve: tell } = Promise.withResolvers<boolean>()
    const call = order.call('store', {
      access: 'write',
      keys: ['a'],
      timeoutMs: 5,
      run: async (isAbandoned) => {
        await goOn
        tell(isAbandoned())
      },
    })
    await expect(call).rejects.toMatchObject({ code: 'TIMEOUT' })
    resolve()
    expect(await told).toBe(true)
  })

  it('too many calls on one key are refused', async () => {
    const order = new KeyOrder({ pendingPerKeyMax: 3 })
    const calls = [1, 2, 3].map(() => heldCall(order, 'write', ['a']))
    expect(() => quickCall(order, 'write', ['a'])).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))
    expect(await quickCall(order, 'write', ['b'])).toBe('done')
    for (const call of calls) call.finish()
    await calls.at(-1)?.answer
    expect(await quickCall(order, 'write', ['a'])).toBe('done')
  })

  it('calls that hang for ever are bounded, also reads, and given up for dead in the end', async () => {
    let nowMs = 0
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }
    const order = new KeyOrder({ pendingMax: 4, hangMaxMs: 1000 }, { clock, timers: systemRuntime.timers })
    const hanging = ['a', 'b', 'c', 'd'].map((key, index) => heldCall(order, index < 2 ? 'read' : 'write', [key], 5))
    for (const { answer } of hanging) await expect(answer).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(() => quickCall(order, 'write', ['e'])).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }))

    nowMs = 1000
    expect(await quickCall(order, 'write', ['d'])).toBe('done')
    expect(order.pendingCalls).toBe(0)
  })
})
