// One client of a run with mixed faults: a store of its own, a few sequential clients, commands from the parent process.
import { postgresReplica } from '../../../adapters/postgres/postgres-replica.ts'
import { redisReplica } from '../../../adapters/redis/redis-replica.ts'
import { sqliteReplica } from '../../../adapters/sqlite/sqlite-replica.ts'
import type { QuorumEvent } from '../../../src/events.ts'
import type { Replica } from '../../../src/replica.ts'
import { openStore } from '../../support/open-store.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { MovedClock } from '../moved-clock.ts'
import { ClientLane, namespaces } from './client-lane.ts'
import type { ClientAnswer, ClientCommand, ClientPlan, ClientRequest, NamedKey, ReplicaAddress } from './client-plan.ts'
import { appendLine, OperationLog } from './operation-log.ts'

const lanesCount = 3
/** More than any clock is behind that of a server. */
const expiryMarginMs = 600_000

const plan: ClientPlan = JSON.parse(process.argv[2] ?? '')
const clock = new MovedClock()
let aheadMs = 0
setClock(plan.aheadMs)
const { runtime } = clock
const store = openStore(runtime, plan.replicas.map(replicaAt), plan.options)
store.engine.events.on('event', (event) => {
  if (event.type !== 'sweep-progress') appendLine(plan.eventsFile, readable(event))
})

const log = new OperationLog(plan.operationsFile)
const views = namespaces.map((namespace) => store.view.withNamespace(namespace))
const lanes = Array.from({ length: lanesCount }, (_, index) => laneOf(`${plan.name}.${index}`, plan.seed + index))
let isOver = false
const load = Promise.all(lanes.map((lane) => lane.run(() => isOver)))

process.on('message', (request: ClientRequest) => void answer(request))
process.on('disconnect', () => process.exit(1))

async function answer({ id, command }: ClientRequest): Promise<void> {
  const failure = await perform(command).then(
    () => null,
    (error: unknown) => String(error),
  )
  const { replicas } = store.engine
  const said: ClientAnswer = { id, failure, replicas }
  process.send?.(said, undefined, {}, () => {
    if (command.name === 'close') process.exit(0)
  })
}

async function perform(command: ClientCommand): Promise<void> {
  if (command.name === 'clock') setClock(command.aheadMs)
  if (command.name === 'sweep') await store.engine.sweep()
  if (command.name === 'read') await read(command.keys)
  if (command.name === 'finish') {
    isOver = true
    await load
    await store.engine.repairsDone()
  }
  if (command.name === 'close') {
    await store.engine.close()
    log.close()
  }
}

async function read(keys: readonly NamedKey[]): Promise<void> {
  const [lane] = lanes
  for (const { namespace, key } of keys) {
    const view = views.find((each) => each.namespace === namespace)
    if (view !== undefined) await lane?.get(view, key)
  }
}

function setClock(wantedMs: number): void {
  clock.putForward(wantedMs - aheadMs)
  aheadMs = wantedMs
}

function laneOf(name: string, seed: number): ClientLane {
  const { beganAtMs } = plan
  return new ClientLane({ name, views, log, random: seededRandom(seed), beganAtMs, nowMs: () => clock.nowMs })
}

function replicaAt(address: ReplicaAddress): Replica {
  const { kind, id } = address
  if (kind === 'sqlite') return sqliteReplica({ path: address.path }, { id, runtime })
  return kind === 'postgres'
    ? postgresReplica(address.url, { id })
    : redisReplica(address.url, { id, runtime, expiryMarginMs })
}

/** Errors are texts, so that they can be told. */
function readable(event: QuorumEvent): object {
  const error = 'error' in event ? { error: event.error.message } : {}
  return { atMs: clock.nowMs, ...event, ...error }
}
