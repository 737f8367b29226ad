import fc from 'fast-check'
import { timeMaxMs, timeText } from '../../../src/core/version.ts'
import type { ReplicaCall } from '../../../src/events.ts'
import { hostileText } from '../hostile-text.ts'

/** One false answer, or what is worse than an answer. */
export interface Lie {
  readonly call: ReplicaCall
  readonly how: How
  /** Which of the entries of the answer it is told of, counted round and round. */
  readonly place: number
}

type How =
  | { readonly does: 'answer' | 'throw' | 'throw at once' | 'set an entry'; readonly value: unknown }
  | { readonly does: 'set a member'; readonly member: string; readonly value: unknown }
  | { readonly does: 'never answer' | 'leave one out' | 'add one' | 'turn round' | 'double' | 'throw in a getter' }

/** Marks for what cannot be drawn, because it cannot be looked into; made by `lying-replica.ts`. */
export const unspeakable = {
  revoked: Symbol('revoked proxy'),
  silent: Symbol('object without a prototype'),
  giant: Symbol('a giant text'),
} as const

const rubbish: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(undefined, null, true, 0, -1, Number.NaN, 10n, 'text', '', {}, { length: 3 }, new Map()),
  fc.constantFrom(unspeakable.revoked, unspeakable.silent),
)
const noVersion = fc.oneof(
  fc.constantFrom(undefined, null, 28, '', 'z'.repeat(28), 'F'.repeat(28), '0'.repeat(27), '0'.repeat(29)),
  fc.constantFrom(
    ['0'.repeat(28)],
    Array.from({ length: 28 }, () => '0'),
    `${'0'.repeat(27)}\ud800`,
  ),
)
const noTime = fc.constantFrom(undefined, '5', Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, timeMaxMs + 1, {}, [], 5n)
const noText = fc.constantFrom(undefined, null, 5, '\ud800', 'a\0b', {}, ['text'], true)
const noStamp = fc.oneof(
  rubbish,
  noVersion.map((version) => ({ version, kind: 'value', expiresAtMs: null, retainUntilMs: 1 })),
)

/** By call and member: what can never stand there. */
const senselessMembers: Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<unknown>>>>> = {
  getMany: {
    key: fc.oneof(
      rubbish,
      hostileText.map((text) => `another ${text}`),
    ),
    version: noVersion,
    kind: fc.constantFrom(undefined, null, 'Value', 'banana', '__proto__', 1, {}),
    expiresAtMs: noTime,
    retainUntilMs: noTime,
    payload: noText,
  },
  putManyIfNewer: {
    status: fc.constantFrom(undefined, null, 'STORED', '__proto__', 'superseded', {}, true),
    retainUntilMs: noTime,
  },
  digest: {
    records: fc.constantFrom(undefined, null, Number.NaN, -1, '5', 1.5, Number.POSITIVE_INFINITY),
    sums: fc.constantFrom(undefined, [], 'sums', {}, new Uint32Array(3), new Uint8Array(8), new Float64Array(7)),
  },
  changes: {
    keys: fc.constantFrom(undefined, null, 'abc', [5], [null], { length: 2 ** 31 }),
    position: fc.constantFrom(undefined, null, '', 5, 'x'.repeat(201), 'é', '\n', {}),
  },
}
const { payload: _payload, ...headMembers } = senselessMembers.getMany ?? {}
const membersOf: typeof senselessMembers = {
  ...senselessMembers,
  getVersions: headMembers,
  scan: { ...headMembers, key: rubbish, checksum: fc.constantFrom(undefined, null, 5, {}) },
}

const batches = ['getMany', 'getVersions', 'putManyIfNewer', 'purgeMany'] as const
const withEntries = [...batches, 'scan'] as const
const calls = [...withEntries, 'digest', 'changes', 'lineage'] as const

function memberLies(call: ReplicaCall): fc.Arbitrary<How>[] {
  return Object.entries(membersOf[call] ?? {}).map(([member, values]) =>
    values.map((value) => ({ does: 'set a member', member, value }) as const),
  )
}

function lieOf(call: ReplicaCall): fc.Arbitrary<Lie> {
  const general: fc.Arbitrary<How>[] = [
    rubbish.map((value) => ({ does: 'answer', value }) as const),
    rubbish.map((value) => ({ does: 'throw', value }) as const),
    rubbish.map((value) => ({ does: 'throw at once', value }) as const),
    fc.constant({ does: 'never answer' }),
    fc.constant({ does: 'throw in a getter' }),
  ]
  const ofLength: fc.Arbitrary<How>[] = batches.some((each) => each === call)
    ? [fc.constantFrom({ does: 'leave one out' }, { does: 'add one' }, { does: 'double' })]
    : []
  const ofEntries: fc.Arbitrary<How>[] = withEntries.some((each) => each === call)
    ? [noStamp.map((value) => ({ does: 'set an entry', value: value ?? undefined }) as const)]
    : []
  const how = fc.oneof(...general, ...ofLength, ...ofEntries, ...memberLies(call))
  return fc.record({ call: fc.constant(call), how, place: fc.nat({ max: 20 }) })
}

/** What makes no sense, whatever the replica holds: it must become a failure of that replica. */
export const senselessLie: fc.Arbitrary<Lie> = fc.oneof(...calls.map(lieOf))

const farFuture = fc.constantFrom(
  `${timeText(Date.UTC(9999, 0))}${'0'.repeat(16)}`,
  `${timeText(timeMaxMs - 2 ** 32)}${'f'.repeat(16)}`,
  'f'.repeat(28),
)

const set = (member: string, values: fc.Arbitrary<unknown>) =>
  values.map((value) => ({ does: 'set a member', member, value }) as const)
const stamp = (version: string) => ({ version, kind: 'value', expiresAtMs: null, retainUntilMs: timeMaxMs })

/** What might be true: nobody can tell from the answer alone, so it may spoil the key that it is about, and no other. */
export const plausibleLie: fc.Arbitrary<Lie> = fc.oneof(
  fc.record({
    call: fc.constantFrom('getMany', 'getVersions', 'scan'),
    how: fc.oneof(
      set('version', farFuture),
      set('payload', fc.constantFrom('sforged', 'c!!!', 'x', '', unspeakable.giant)),
      set('kind', fc.constantFrom('tombstone', 'value')),
      set('expiresAtMs', fc.constantFrom(0, 1, null, timeMaxMs)),
      set('retainUntilMs', fc.constantFrom(0, timeMaxMs)),
      fc.constant({ does: 'set an entry', value: null } as const),
    ),
    place: fc.nat({ max: 20 }),
  }),
  fc.record({
    call: fc.constant('putManyIfNewer' as const),
    how: fc.oneof(
      farFuture.map(
        (version) => ({ does: 'set an entry', value: { status: 'superseded', by: stamp(version) } }) as const,
      ),
      set('retainUntilMs', fc.constantFrom(0, timeMaxMs)),
      fc.constant({ does: 'set an entry', value: { status: 'held', retainUntilMs: timeMaxMs } } as const),
    ),
    place: fc.nat({ max: 20 }),
  }),
  fc.record({
    call: fc.constant('scan' as const),
    how: fc.oneof(
      set('key', fc.constantFrom(':not there', 'other:seed 1', '\u0001ledger:sweep', '', 'no colon')),
      fc.constantFrom({ does: 'double' } as const, { does: 'turn round' } as const, { does: 'leave one out' } as const),
    ),
    place: fc.nat({ max: 20 }),
  }),
  fc.record({
    call: fc.constant('changes' as const),
    how: set('keys', fc.constantFrom([], [':not there', ':not there'], ['\u0001ledger:sweep'])),
    place: fc.nat({ max: 20 }),
  }),
  fc.record({
    call: fc.constant('digest' as const),
    how: set('records', fc.constantFrom(0, 2 ** 52)),
    place: fc.nat({ max: 20 }),
  }),
  fc.record({
    call: fc.constant('lineage' as const),
    how: hostileText.map((value) => ({ does: 'answer', value: value === '' ? 'another' : value }) as const),
    place: fc.nat({ max: 20 }),
  }),
)
