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
export function changeMembers(world: World, { change, isByRestart, server: place }: MemberStep): void {
  const chosen = world.servers[place % world.servers.length]
  const [returning] = world.gone
  const added = change === 'return' ? returning : undefined
  if (chosen === undefined || (change === 'return' && added === undefined) || !isChangeable(world, change)) return
  world.coverage.add(`fault member ${change}`)
  carryOut(world, {
    leaving: isAddition(world, change) ? null : chosen,
    added: change === 'remove' ? null : (added ?? world.newServer()),
    isByRestart,
  })
}

interface Change {
  readonly leaving: SimulatedServer | null
  readonly added: SimulatedServer | null
  readonly isByRestart: boolean
}

function isAddition({ servers, plan }: World, change: MemberStep['change']): boolean {
  return change === 'add' || (change === 'return' && servers.length < plan.settings.replicas)
}

function carryOut(world: World, change: Change): void {
  const { leaving, added } = change
  const entering = added === null ? [] : [added]
  const stayed = world.servers.flatMap((server) => (server === leaving ? entering : [server]))
  world.servers = leaving === null ? [...stayed, ...entering] : stayed
  world.gone = [...world.gone.filter((server) => server !== added), ...(leaving === null ? [] : [leaving])]
  world.changedAtMs = world.time.nowMs
  for (const [index, client] of [...world.processes.entries()]) tell(world, index, client, change)
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
  if (isAddition(world, change) ? servers.length >= replicasMax : change === 'remove' && servers.length <= 2)
    return false
  return servers.every(({ id, disk }) => ledger.replica(id)?.lineage === disk.lineage && disk.damagedKeys.length === 0)
}

function tell(world: World, index: number, client: ClientProcess, { leaving, added, isByRestart }: Change): void {
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
  if (isByRestart || !runtime.isRunning) {
    startAnew()
    return
  }
  const replica = added === null ? null : world.connect(index, name, runtime, added)
  if (leaving === null) {
    if (replica !== null) engine.addReplica(replica)
  } else if (replica === null) engine.removeReplica(leaving.id).catch(startAnewAfter)
  else engine.replaceReplica(leaving.id, replica).catch(startAnewAfter)
}
