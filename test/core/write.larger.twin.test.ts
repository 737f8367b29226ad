import { describe, test } from 'vitest'
import { agreeOnOneAttempt, agreeOnTwoAttempts, held, heldLonger, replies } from './agree-with-write-twin.ts'

/** Apart from the smaller cases, because these take some seconds. */
describe('KeyWrite does what its dumb twin does', () => {
  test('n = 5, every w, every answer', () => {
    agreeOnOneAttempt(
      5,
      replies.filter((reply) => reply !== heldLonger && reply !== held),
    )
  })

  test('n = 3, two attempts, every answer', () => agreeOnTwoAttempts(3))
})
