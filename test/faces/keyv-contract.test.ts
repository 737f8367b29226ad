import { Keyv } from 'keyv'
import { describe, expect, it, test } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { KeyvContract } from '../../src/keyv-contract.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'

const nowMs = Date.UTC(2030, 0)
const minuteMs = 60_000
const tenYearsMs = 10 * 365 * 86_400_000

type Seen = 'nothing' | 'capabilities' | 'opts'

function contract(seen: Seen, stated: 'auto' | 5 | 6 = 'auto'): KeyvContract {
  const made = new KeyvContract(stated)
  if (seen === 'capabilities') made.noteCapabilitiesRead()
  if (seen === 'opts') made.noteOptsRead()
  return made
}

describe('the time that comes with a value', () => {
  describe.each<Seen>(['nothing', 'capabilities', 'opts'])('after %s was read', (seen) => {
    test.each<[string, number | null | undefined, number | null]>([
      ['nothing is never', undefined, null],
      ['null is never', null, null],
      ['an endless number is never', Number.POSITIVE_INFINITY, null],
      ['0 is never', 0, null],
      ['a minute is a ttl', minuteMs, nowMs + minuteMs],
      ['three years are a ttl', 1e11 - 1, nowMs + 1e11 - 1],
      ['a date of 2001 is a time', 1e12, 1e12],
      ['a date to come is a time', nowMs + minuteMs, nowMs + minuteMs],
    ])('%s', (_, time, expected) => {
      expect(contract(seen).expiresAtMs(time, nowMs)).toBe(expected)
    })
  })

  test.each<[Seen, number]>([
    ['nothing', tenYearsMs],
    ['capabilities', tenYearsMs],
    ['opts', nowMs + tenYearsMs],
  ])('of ten years, after %s was read, is taken as that series means it', (seen, expected) => {
    expect(contract(seen).expiresAtMs(tenYearsMs, nowMs)).toBe(expected)
  })

  test.each<Seen>(['nothing', 'capabilities', 'opts'])('is what was stated, although %s was read', (seen) => {
    const centuryMs = 10 * tenYearsMs
    expect(contract(seen, 5).expiresAtMs(centuryMs, nowMs)).toBe(nowMs + centuryMs)
    expect(contract(seen, 6).expiresAtMs(minuteMs, nowMs)).toBe(minuteMs)
    expect(contract(seen, 6).expiresAtMs(0, nowMs)).toBe(0)
  })
})

describe('a look at a store', () => {
  const open = () => new KeyvQuorum(['a', 'b', 'c'].map((id) => memoryReplica({ id })))

  it('at its opts does not make values of keyv 6 outlive their time', async () => {
    const store = open()
    const keyv = new Keyv(store)
    void store.opts
    await keyv.set('k', 1, 40)
    await expect.poll(() => store.has('k')).toBe(false)
    await keyv.disconnect()
  })

  it('at its capabilities does not kill values that come with a ttl', async () => {
    const store = open()
    void store.opts
    void store.capabilities
    await store.set('k', 1, minuteMs)
    expect(await store.get('k')).toBe(1)
    await store.disconnect()
  })
})
