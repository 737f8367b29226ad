import { describe, expect, test } from 'vitest'
import { ReplicaError, thrownText, ValueError } from '../../src/errors.ts'
import { decodePayload, encodePayload } from '../../src/payload.ts'
import { withDeadline } from '../../src/wrap/deadline.ts'
import { ScriptedReplica } from '../support/scripted-replica.ts'
import { SimulatedTime } from '../support/simulated-time.ts'

/** What hostile input has found, case by case. */

/** What can be thrown and not be put into words. */
function wordless(): readonly (readonly [string, unknown])[] {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const speechless = {
    toString() {
      throw new Error('no words')
    },
  }
  return [
    ['an object without a prototype', Object.create(null)],
    ['an object whose text throws', speechless],
    ['a revoked proxy', proxy],
    ['an error whose message throws', Object.defineProperty(new Error(), 'message', { get: speechless.toString })],
  ]
}

describe('what is thrown and cannot be put into words', () => {
  test.each(wordless())('%s becomes the error of its replica, and the call ends', async (_what, thrown) => {
    const time = new SimulatedTime()
    const inner = new ScriptedReplica('A', time.timers)
    inner.fate = () => ({ throws: thrown })
    const ended = withDeadline(inner, time.timers).lineage({ timeoutMs: 100 })
    await expect(ended).rejects.toMatchObject({ code: 'REJECTED', replica: 'A' })
    await expect(ended).rejects.toBeInstanceOf(ReplicaError)
  })

  test.each(wordless())('%s out of a getter makes a value unsupported', (_what, thrown) => {
    const value = Object.defineProperty({}, 'member', {
      enumerable: true,
      get: () => {
        throw thrown
      },
    })
    expect(() => encodePayload(value)).toThrow(ValueError)
  })

  test('what can be put into words is cut where it would fill a log', () => {
    expect(thrownText(new Error('x'.repeat(10_000)))).toHaveLength(2_001)
  })
})

test.each(['c', 'c/w8=', 'cAAAA', `c${Buffer.from([0xff, 0x0f, 0x22, 0x7f]).toString('base64')}`])(
  'the payload %j, which no clone can be read from, is a value that is not supported',
  (payload) => {
    expect(() => decodePayload(payload)).toThrow(ValueError)
  },
)
