import fc from 'fast-check'
import { hostileText } from '../hostile-text.ts'
import { FakeErrorReply } from './reply.ts'

/** What becomes of one reply of a server. */
export interface ReplyLie {
  /** Which of the replies to a call it is told in, counted round and round. */
  readonly place: number
  /** The way to the part of the reply that is replaced: one step for each list in it, counted round and round. */
  readonly path: readonly number[]
  readonly how: Distortion
}

export type Distortion =
  | { readonly does: 'put' | 'fail'; readonly value: unknown }
  | { readonly does: 'mutate'; readonly text: string; readonly at: number }
  | { readonly does: 'leave one out' | 'add one' | 'double' | 'turn round' | 'nest' | 'never answer' | 'break off' }

/** What would cost much to draw again and again. */
export const giants = {
  list: new Array<null>(300_000).fill(null),
  deep: Array.from({ length: 20_000 }).reduce<unknown>((inner) => [inner], 'in the middle'),
  text: 'giant '.repeat(500_000),
  error: new FakeErrorReply('giant '.repeat(500_000)),
} as const
const giantNames = Object.keys(giants) as (keyof typeof giants)[]

/** Stands for one of them in what is drawn and printed. */
export class Giant {
  readonly giant: keyof typeof giants

  constructor(giant: keyof typeof giants) {
    this.giant = giant
  }
}

const numbers = fc.constantFrom(0, 1, -1, 7, 255, 2 ** 31, 2 ** 53 - 1, 1 - 2 ** 53)
const texts = fc.oneof(
  hostileText,
  fc.constantFrom('0', '1', '4', 'OK', 'QUEUED', '-1', '18446744073709551616', 'kq:', 'kq::key 1', 'kq:\0changes'),
)
const lists = fc.constantFrom([], [null], [0], ['0', []], [['0', ['a', 'b']]], [[], []], [[[[[]]]]])
const errors = fc
  .oneof(hostileText, fc.constantFrom('ERR no', 'LOADING now', 'MOVED 1 a:1', 'NOSCRIPT no', 'EXECABORT no', 'OOM no'))
  .map((message) => new FakeErrorReply(message))
/** What no server answers: a driver that misreads does. */
const ofNoServer = fc.oneof(
  fc.constantFrom(undefined, true, 10n, Number.NaN, 1.5, Number.POSITIVE_INFINITY),
  fc.constantFrom(new Map([['a', 1]]), Buffer.from('kq:'), new Date(Number.NaN), Object.create(null)),
)

const anything = fc.oneof(
  { weight: 4, arbitrary: numbers },
  { weight: 4, arbitrary: texts },
  { weight: 4, arbitrary: lists },
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: errors },
  { weight: 3, arbitrary: ofNoServer },
  { weight: 1, arbitrary: fc.constantFrom(...giantNames).map((name) => new Giant(name)) },
)

const failures = fc.oneof({ weight: 5, arbitrary: errors }, fc.constant(new Giant('error')))

const distortions: fc.Arbitrary<Distortion> = fc.oneof(
  { weight: 10, arbitrary: anything.map((value) => ({ does: 'put', value }) as const) },
  { weight: 1, arbitrary: failures.map((value) => ({ does: 'fail', value }) as const) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('mutate' as const), text: texts, at: fc.nat({ max: 100 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Distortion[]>(
      { does: 'leave one out' },
      { does: 'add one' },
      { does: 'double' },
      { does: 'turn round' },
      { does: 'nest' },
      { does: 'never answer' },
      { does: 'break off' },
    ),
  },
)

export const replyLies: fc.Arbitrary<ReplyLie> = fc.record({
  place: fc.nat({ max: 60 }),
  path: fc.array(fc.nat({ max: 20 }), { maxLength: 3 }),
  how: distortions,
})
