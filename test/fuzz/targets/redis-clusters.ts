import fc from 'fast-check'
import { readOwnSlots, readRedirection, readSlotTable, type SlotTable } from '../../../adapters/redis/cluster-slots.ts'
import { slotCount } from '../../../adapters/redis/key-slot.ts'
import type { RedisAddress } from '../../../adapters/redis/redis-target.ts'
import { readFacts } from '../../../adapters/redis/server-facts.ts'
import { hostileText } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import { distortedReply } from '../redis/distorted-reply.ts'
import { FakeErrorReply } from '../redis/reply.ts'
import { replyLies } from '../redis/reply-lies.ts'
import type { FuzzTarget } from '../target.ts'

const context = { asked: { host: 'asked', port: 7_000 }, addressMap: undefined }
const slots = [
  [0, 5_460, ['10.0.0.1', 7_001, 'a'], ['10.0.0.4', 7_004, 'd']],
  [5_461, 10_922, ['', 7_002, 'b', []]],
  [10_923, slotCount - 1, [null, 7_003, 'c']],
]
const line = 'a1 10.0.0.1:7001@17001'
const nodes = [
  `${line} myself,master - 0 0 1 connected 0-5460 [5461->-b2]\nb2 :7002@17002 master - 0 0 2 connected 5461-16383\n`,
  `${line} master,myself,fail? - 0 0 1 connected\n`,
]
const redirections = ['MOVED 3999 127.0.0.1:6381', 'ASK 0 [::1]:7000', 'MOVED 16383 :7000', 'ASK 5 ?:7000']
const info = [
  'run_id:0123\r\nredis_version:7.4.1\r\n',
  'loading:0\r\naof_enabled:1\r\n',
  'role:master\r\nsecond_repl_offset:-1\r\n',
]
const facts = [...info, 'node', ['appendfsync', 'always']]
const everything = { nodeId: true, fsync: true }

/** What becomes of a reply; null where there is none at all. */
function distorted(reply: unknown, lie: Parameters<typeof distortedReply>[2]): unknown {
  const { meddled } = distortedReply(reply, ['CLUSTER'], lie)
  return typeof meddled === 'string' ? null : meddled.reply
}

function assertAddress(address: RedisAddress | undefined): void {
  const { host, port } = address ?? { host: '', port: -1 }
  if (host === '' || !(port >= 0 && port <= 65_535)) throw new Error(`the address ${JSON.stringify(address)}`)
}

function assertTable(table: SlotTable | null): void {
  for (const name of table?.names ?? []) assertAddress(table?.addressOf(name))
  for (const slot of [-1, slotCount, Number.NaN]) {
    if (table?.nameAt(slot) !== undefined) throw new Error(`the slot ${slot} has a place`)
  }
}

/** What the nodes of a cluster tell of themselves and of each other: an address that can be dialled, or nothing. */
export const redisClusterTarget: FuzzTarget = {
  name: 'redis-clusters',
  casesPerRound: 500,
  open: () => ({
    property: fc.property(
      replyLies,
      fc.oneof(mutatedText(fc.constantFrom(...redirections)), hostileText),
      fc.oneof(mutatedText(fc.constantFrom(...nodes)), hostileText),
      (lie, redirection, listed) => {
        assertTable(readSlotTable(distorted(slots, lie), context))
        readOwnSlots(distorted(listed, lie))
        const read = readRedirection(new FakeErrorReply(redirection), context)
        if (read !== null) assertAddress(read.address)
        if (read !== null && !(read.slot >= 0 && read.slot < slotCount)) throw new Error(`the slot ${read.slot}`)
        const told = distorted(facts, lie)
        const known = Array.isArray(told) ? readFacts(told, everything) : null
        if (known !== null && typeof known.nodeId !== 'string') throw new Error('a node id that is none')
        assertNothingAdded()
      },
    ),
  }),
}
