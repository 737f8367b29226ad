import { changeMembers, isSweptSinceChange } from './change-members.ts'
import type { ClientProcess } from './client-process.ts'
import { sampleOf } from './gauges.ts'
import {
  type DamageStep,
  isOperation,
  keyName,
  type LinkStep,
  type LossStep,
  type ServerStep,
  type Step,
} from './plan.ts'
import type { SimulatedServer } from './simulated-server.ts'
import { startMs } from './true-time.ts'
import type { World } from './world.ts'

/** Plays the steps of the plan, each at its time. What the assumptions do not allow is left out. */
export async function play(world: World): Promise<void> {
  const { plan, time } = world
  const { copyEveryMs } = plan.settings
  const keepCopies = () => {
    for (const server of world.servers) if (server.condition === 'up') server.keepCopy()
    if (time.nowMs < startMs + plan.endsAtMs) time.after(copyEveryMs, keepCopies)
  }
  time.after(copyEveryMs, keepCopies)
  for (const step of plan.steps) {
    await time.runUntil(startMs + step.atMs)
    carryOut(world, step)
    world.samples.push(sampleOf(time, world.processes))
  }
  await time.runUntil(startMs + plan.endsAtMs)
  world.samples.push(sampleOf(time, world.processes))
}

/** The key as the store names it at its replicas. */
export function storedKey(key: number): string {
  return `:${keyName(key)}`
}

function carryOut(world: World, step: Step): void {
  if (isOperation(step)) {
    clientAt(world, step.process).begin(step)
    return
  }
  world.trace.add(`step ${JSON.stringify(step)}`)
  if (step.do === 'link') troubleLinks(world, step)
  else if (step.do === 'server') troubleServer(world, step)
  else if (step.do === 'lose') lose(world, step)
  else if (step.do === 'damage') damage(world, step)
  else if (step.do === 'member') changeMembers(world, step)
  else if (step.do === 'sweep') clientAt(world, step.process).sweep(step)
  else {
    const { runtime } = clientAt(world, step.process)
    world.coverage.add(`fault ${step.do}`)
    if (step.do === 'clock') runtime.offsetMs = step.offsetMs
    else if (step.do === 'stall') {
      runtime.stall()
      world.time.after(step.forMs, () => runtime.goOn())
    } else {
      runtime.kill()
      world.startProcess(step.process)
    }
  }
}

function troubleLinks(world: World, { process, server, kind, way, forMs, lateMs }: LinkStep): void {
  world.coverage.add(`fault link ${kind} ${way}`)
  const untilMs = world.time.nowMs + forMs
  const id = server === null ? null : serverAt(world, server).id
  for (const link of world.links(process, id)) link.add({ kind, way, untilMs, lateMs })
}

function troubleServer(world: World, { server: place, what, forMs }: ServerStep): void {
  const server = serverAt(world, place)
  if (server.condition !== 'up' || server.slowMs > 0 || server.trouble !== null) return
  world.coverage.add(`fault server ${what}`)
  if (what === 'crash') server.crash()
  else if (what === 'freeze') server.freeze()
  else if (what === 'slow') server.slowMs = world.plan.settings.options.callTimeoutMs ?? 0
  else server.trouble = what
  world.time.after(forMs, () => {
    server.slowMs = 0
    server.trouble = null
    server.goOn()
  })
}

/** The server goes down, and comes back with less than it had, and another lineage. */
function lose(world: World, { server: place, backMs, forMs }: LossStep): void {
  const server = serverAt(world, place)
  if (server.condition !== 'up' || !mayLose(world, server)) return
  world.coverage.add(`fault lose ${backMs === null ? 'everything' : 'the last writes'}`)
  server.crash()
  server.loseSince(backMs === null ? Number.NEGATIVE_INFINITY : world.time.nowMs - backMs)
  world.time.after(forMs, () => server.goOn())
}

function damage(world: World, { server: place, key, damage: kind }: DamageStep): void {
  const server = serverAt(world, place)
  if (!isSpared(world, server, true)) return
  if (server.disk.harm(storedKey(key), kind)) world.coverage.add(`fault damage ${kind}`)
}

function mayLose(world: World, server: SimulatedServer): boolean {
  if (isSpared(world, server, false)) return true
  if (world.ledger().isEmpty || !world.plan.settings.allowsExcessLosses) return false
  world.hasLostTooMuch = true
  return true
}

/**
 * Whether the store can do without what this server holds: an acknowledged write is on w replicas, so w - 1 may lose it
 * before they have been filled again. What is damaged is mended only from r others. Before anything is on record there is
 * nothing to lose.
 */
function isSpared(world: World, server: SimulatedServer, isDamaged: boolean): boolean {
  const ledger = world.ledger()
  if (ledger.isEmpty || !isSweptSinceChange(world)) return false
  const hasDamage = (each: SimulatedServer) => each.disk.damagedKeys.length > 0
  const isLacking = (each: SimulatedServer) => ledger.replica(each.id)?.lineage !== each.disk.lineage || hasDamage(each)
  const lacking = world.servers.filter((each) => each === server || isLacking(each)).length
  const { n, r, w } = clientAt(world, 0).engine.options
  const isAnyDamaged = isDamaged || world.servers.some(hasDamage)
  return lacking <= (isAnyDamaged ? Math.min(w - 1, n - r) : w - 1)
}

function serverAt({ servers }: World, place: number): SimulatedServer {
  const server = servers[place % servers.length]
  if (server === undefined) throw new RangeError(`there is no server ${place}`)
  return server
}

function clientAt({ processes }: World, place: number): ClientProcess {
  const client = processes[place % processes.length]
  if (client === undefined) throw new RangeError(`there is no process ${place}`)
  return client
}
