import { ReplicaError } from '../../src/errors.ts'
import type { ClientProcess } from './client-process.ts'
import type { MemberStep } from './plan.ts'
import type { SimulatedServer } from './simulated-server.ts'
import type { World } from './world.ts'

const replicasMax = 6

/**
 * A replica comes or goes, in every process at once, as an operator does it. A process that cannot do it, because too few
 * replicas can be told, or because it stands still, is started anew with the new list.
 */
export function changeMembers(world: World, { change, server: place }: MemberStep): void {
  const old = world.servers[place % world.servers.length]
  if (old === undefined || !isChangeable(world, change)) return
  world.coverage.add(`fault member ${change}`)
  const added = change === 'remove' ? null : world.newServer()
  const inItsPlace = added === null ? [] : [added]
  world.servers =
    change === 'add'
      ? [...world.servers, ...inItsPlace]
      : world.servers.flatMap((server) => (server === old ? inItsPlace : [server]))
  world.changedAtMs = world.time.nowMs
  for (const [index, client] of [...world.processes.entries()]) tell(world, index, client, old, added)
}

/** What a replica that went held is on others only when a sweep over everything has been there since. */
export function isSweptSinceChange(world: World): boolean {
  if (world.changedAtMs === null) return true
  const sweptFullyAtMs = world.ledger().sweep?.sweptFullyAtMs ?? 0
  return sweptFullyAtMs > world.changedAtMs + world.plan.settings.skewMaxMs
}

/** One after the other, and never while data is missing somewhere. */
function isChangeable(world: World, change: MemberStep['change']): boolean {
  const { servers } = world
  const ledger = world.ledger()
  if (ledger.isEmpty || !isSweptSinceChange(world)) return false
  if (change === 'add' ? servers.length >= replicasMax : change === 'remove' && servers.length <= 2) return false
  return servers.every(({ id, disk }) => ledger.replica(id)?.lineage === disk.lineage && disk.damagedKeys.length === 0)
}

function tell(
  world: World,
  index: number,
  client: ClientProcess,
  old: SimulatedServer,
  added: SimulatedServer | null,
): void {
  const { engine, name, runtime } = client
  const startAnew = () => {
    if (world.processes[index] !== client) return
    world.coverage.add('process started anew for new members')
    runtime.kill()
    world.startProcess(index)
  }
  const startAnewAfter = (error: unknown) => {
    if (!(error instanceof ReplicaError)) throw error
    startAnew()
  }
  if (!runtime.isRunning) {
    startAnew()
    return
  }
  const replica = added === null ? null : world.connect(index, name, runtime, added)
  if (replica === null) engine.removeReplica(old.id).catch(startAnewAfter)
  else if (world.servers.includes(old)) engine.addReplica(replica)
  else engine.replaceReplica(old.id, replica).catch(startAnewAfter)
}
