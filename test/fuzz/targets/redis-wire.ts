import fc from 'fast-check'
import { redisReplica } from '../../../adapters/redis/redis-replica.ts'
import { ReplicaError } from '../../../src/errors.ts'
import { withChecks } from '../../../src/wrap/checked.ts'
import { endingLater } from '../documented-errors.ts'
import { assertNothingAdded } from '../prototypes.ts'
import { filledServer, redisOperations } from '../redis/redis-operations.ts'
import { type WireLie, WireServer } from '../redis/wire-server.ts'
import type { FuzzTarget } from '../target.ts'

const nested = '*1\r\n'
/** Bytes that a reader of the protocol may stumble over; `deep` ones are made long at the last moment. */
const bytes = fc.oneof(
  fc.constantFrom(
    ...['', '\r\n', '+\r\n', '-\r\n', ':\r\n', ':abc\r\n', ':1.5\r\n', ':99999999999999999999999\r\n', '$\r\n'],
    ...['$-7\r\n', '$5\r\nab\r\n', '$1000000000\r\nab', '$99999999999999999999\r\n', '$abc\r\n', '$2\r\nabcdef\r\n'],
    ...[
      '*\r\n',
      '*-5\r\n',
      '*3\r\n:1\r\n',
      '*1000000000\r\n',
      '*99999999999999999999\r\n',
      '*abc\r\n',
      '*2\r\n$-1\r\n',
    ],
    ...[
      '_\r\n',
      '#t\r\n',
      ',nan\r\n',
      '(123\r\n',
      '%1\r\n:1\r\n',
      '~1\r\n:1\r\n',
      '>2\r\n+message\r\n+a\r\n',
      '=3\r\n',
    ],
    ...['garbage', 'HTTP/1.1 400 Bad Request\r\n\r\n', '\0\0\0\0', '\u0016\u0003\u0001', '+OK\r\n+OK\r\n', '+O'],
    ...['-MOVED 1 127.0.0.1:99999\r\n', '-MOVED 99999 a:1\r\n', '-ASK 1 :0\r\n', '-LOADING\r\n', '-NOSCRIPT\r\n'],
    ...['*2\r\n$1\r\n5\r\n*1\r\n:7\r\n', '*2\r\n$9\r\n127.0.0.1\r\n$5\r\n99999\r\n', '*1\r\n*3\r\n:0\r\n:-1\r\n*0\r\n'],
  ),
  fc.constant('deep'),
  fc
    .array(fc.constantFrom('*2\r\n', '$1\r\n', 'a\r\n', ':1\r\n', '+OK\r\n', '-ERR\r\n', '$-1\r\n', '*-1\r\n', '\r'), {
      maxLength: 8,
    })
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 20 }),
)

const lies: fc.Arbitrary<WireLie> = fc.record({ place: fc.nat({ max: 14 }), bytes, hangsUp: fc.boolean() })

const kinds = {
  server: (port: number) => `redis://127.0.0.1:${port}`,
  sentinel: (port: number) => `redis+sentinel://127.0.0.1:${port}/master`,
  cluster: (port: number) => `redis+cluster://127.0.0.1:${port}`,
} as const

const timeoutMs = 100
const times = { timeoutMs, pageTimeoutMs: timeoutMs, stepTimeoutMs: timeoutMs }
/** A call may take its time twice where a script has to be sent again, and longer on a machine that is busy. */
const patienceMs = 10_000

/** Bytes of any kind from a server: calls end with an answer or a documented error, and connections are given back. */
export const redisWireTarget: FuzzTarget = {
  name: 'redis-wire',
  casesPerRound: 6,
  open: async () => {
    const server = await WireServer.start(filledServer())
    const property = fc.asyncProperty(
      fc.constantFrom('server', 'sentinel', 'cluster'),
      fc.constantFrom(...redisOperations.keys()),
      fc.boolean(),
      lies,
      async (kind, operation, isFirst, lie) => {
        server.redis = filledServer()
        server.lie(null)
        const replica = withChecks(redisReplica(kinds[kind](server.port), { connectTimeoutMs: timeoutMs }))
        if (!isFirst) await endingLater(() => replica.lineage(times), [ReplicaError])
        server.lie(lie.bytes === 'deep' ? { ...lie, bytes: nested.repeat(50_000) } : lie)
        const run = () => redisOperations[operation]?.run(replica) ?? Promise.resolve()
        await inTime(endingLater(run, [ReplicaError]))
        await inTime(replica.close())
        await inTime(server.whenDeserted())
        assertNothingAdded()
      },
    )
    return { property, close: () => server.close() }
  },
}

function inTime<Value>(call: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`a call had not ended after ${patienceMs} ms`)), patienceMs)
    call.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
