import { expect, test } from 'vitest'
import { Hints } from '../../src/background/hints.ts'
import { Events } from '../../src/events.ts'
import { heapBytes } from '../support/heap-bytes.ts'

/** 18 million keys take 9 s here, and longer on a busy machine. */
const timeoutMs = 240_000

/** What 100,000 keys of 30 characters may take, several times over; 18 million of them take more than 1,000 MB. */
const heapMaxBytes = 48_000_000

test(
  'a replica that is dead for an hour under 5,000 new keys a second takes bounded memory',
  () => {
    const events = new Events()
    let dropped = 0
    events.on('dropped', (event) => {
      if (event?.type === 'dropped') dropped += event.count
    })
    const hints = new Hints(events)
    const beforeBytes = heapBytes()
    const suffixes = Array.from({ length: 5_000 }, (_, index) => `${index}:session`)
    let sizeMax = 0
    let heapMax = 0
    for (let second = 0; second < 3_600; second += 1) {
      const prefix = `sessions:user:${second}:`
      const keys = suffixes.map((suffix) => prefix + suffix)
      hints.add('A', keys)
      sizeMax = Math.max(sizeMax, hints.size('A'))
      // 19 seconds after an overflow there are as many as there ever are.
      if (second % 900 === 19) heapMax = Math.max(heapMax, heapBytes() - beforeBytes)
    }
    expect(sizeMax).toBe(100_000)
    expect(heapMax).toBeGreaterThan(1_000_000)
    expect(heapMax).toBeLessThan(heapMaxBytes)
    expect(dropped + hints.size('A')).toBe(3_600 * 5_000)
    expect(hints.needsSweep('A')).not.toBeNull()
  },
  timeoutMs,
)
