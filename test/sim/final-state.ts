import { isLedgerKey } from '../../src/core/ledger.ts'
import { isDead, type VersionedRecord } from '../../src/core/record.ts'
import { isRetired } from '../../src/core/retirement.ts'
import type { Violation } from '../history/history.ts'
import type { ClientProcess } from './client-process.ts'
import { deadAfterMs } from './late.ts'
import { keyName, type OperationStep } from './plan.ts'
import { storedKey } from './play.ts'
import type { SimulatedServer } from './simulated-server.ts'
import { startMs } from './true-time.ts'
import type { World } from './world.ts'

const sweepRoundsMax = 8
/** Longer than any pause of a failure detector, of a handoff, or of a sweep that waits for another. */
const restMs = 130_000

/** Ends every fault, and lets the store do by itself what it can. */
export async function heal(world: World): Promise<void> {
  const { settings } = world.plan
  for (const link of world.links(null, null)) link.heal()
  for (const server of world.servers) {
    server.slowMs = 0
    server.trouble = null
    server.goOn()
  }
  for (const { runtime } of world.processes) {
    runtime.offsetMs = 0
    runtime.goOn()
  }
  world.trace.add('all is well again')
  await world.time.runUntil(world.time.nowMs + restMs)
  // Until a driver notices that a call is lost, the calls behind it wait.
  if (settings.isRacy) await world.time.runUntil(world.time.nowMs + deadAfterMs(settings))
  world.healedAtMs = world.time.nowMs
}

/**
 * Sweeps until there is nothing left to mend, which makes all replicas the same though nobody reads (G6); then reads every
 * key, from every process, as a part of the history.
 */
export async function settle(world: World): Promise<Violation[]> {
  // A record of few may be left where it is, while others hold something that cannot be read; a read mends that.
  const restless = await sweepUntilQuiet(world, true)
  const isDamaged = world.servers.some(({ disk }) => disk.damagedKeys.length > 0)
  const isSwept =
    restless.length === 0 &&
    !isDamaged &&
    !world.plan.settings.isRacy &&
    (await sweepOnce(world, world.processes[0])) === 'quiet'
  const unswept = isSwept ? await lastingDifferences(world) : []
  await readAll(world)
  await world.time.runUntil(world.time.nowMs + restMs)
  const unsettled = await sweepUntilQuiet(world, false)
  return [...restless, ...unswept, ...unsettled, ...unread(world), ...(await lastingDifferences(world))]
}

async function lastingDifferences(world: World): Promise<Violation[]> {
  let different = differences(world)
  // Another process may be about to put something of the store's own on record.
  for (let round = 0; round < 3 && different.length > 0; round += 1) {
    await world.time.runUntil(world.time.nowMs + 3_000)
    different = differences(world)
  }
  return different
}

async function sweepUntilQuiet(world: World, mayLeave: boolean): Promise<Violation[]> {
  let seen = ''
  for (let round = 0; round < sweepRoundsMax; round += 1) {
    const client = world.processes[round % world.processes.length]
    if (client === undefined) break
    const report = await sweepOnce(world, client)
    const standings = world.processes.flatMap(({ engine }) => engine.replicas.map(({ standing }) => standing))
    const isQuiet = report === 'quiet' || report === 'quiet where it went' || (mayLeave && report === 'some left')
    if (isQuiet && standings.every((standing) => standing === 'full')) return []
    seen = `${report}; standings ${standings.join(' ')}`
    await world.time.runUntil(world.time.nowMs + 12_000)
  }
  return [convergence('', `after ${sweepRoundsMax} sweeps of healed replicas the last one says: ${seen}`)]
}

/** @returns `quiet` when all replicas took part, and nothing is left to do */
async function sweepOnce(world: World, client: ClientProcess | undefined): Promise<string> {
  let end: string | null = null
  client?.engine.sweep({ keysPerSecond: Number.POSITIVE_INFINITY }).then(
    ({ isComplete, differing, left, replicas }) => {
      const purged = replicas.reduce((sum, replica) => sum + replica.purged, 0)
      const isWhole = replicas.every(({ skipped }) => skipped === null)
      if (isComplete && purged === 0 && differing === left) end = quietnessOf(left, isWhole)
      else end = `complete ${isComplete}, ${differing} differ, ${left} left, ${purged} purged`
    },
    (error: unknown) => {
      end = `failed: ${String(error)}`
    },
  )
  await world.time.runWhile(() => end === null, 60_000)
  return end ?? 'it never ended'
}

/** Over slow links, a replica that reads, compares and writes may be too late for a sweep now and then. */
function quietnessOf(left: number, isWhole: boolean): string {
  if (left > 0) return 'some left'
  return isWhole ? 'quiet' : 'quiet where it went'
}

/** Twice: the first may be what finds damage, and a lineage that changed. */
async function readAll(world: World): Promise<void> {
  const { keys } = world.plan.settings
  for (let round = 0; round < 2; round += 1) {
    for (const client of world.processes) {
      const all = Array.from({ length: keys }, (_, key) => key)
      const step: OperationStep = { id: 0, do: 'get', atMs: 0, process: 0, lane: 1_000 + round, keys: all, ttlMs: null }
      client.begin(step)
      await world.time.runUntil(world.time.nowMs + 10_000)
    }
  }
}

/** Every process must be able to read every key when all is well. */
function unread({ recorder, processes, plan }: World): Violation[] {
  return processes.flatMap(({ name }) => {
    const reads = recorder.history.operations.filter(({ client }) => client === `${name}.1001`)
    if (reads.length === plan.settings.keys) return []
    return [convergence('', `${name} could read ${reads.length} of ${plan.settings.keys} keys after all was healed`)]
  })
}

/** All replicas must hold the same newest record of every key, but for a dead one that has had its time at some of them. */
function differences(world: World): Violation[] {
  const keys = new Set(world.servers.flatMap(({ disk }) => disk.keys))
  return [...keys]
    .filter((key) => !isAgreedOn(world, key))
    .map((key) => {
      const held = world.servers.map(({ id, disk }) => {
        const damage = disk.damagedKeys.includes(key) ? ', damaged' : ''
        return `${id}: ${wordsFor(disk.peek(key))}${damage}`
      })
      return convergence(key, `the replicas hold different records: ${held.join('; ')}`)
    })
}

function isAgreedOn({ servers, time, plan }: World, key: string): boolean {
  // The lease is a matter of the moment: its end is not waited for. Where replicas read, compare and write, what two processes
  // put on record after their sweeps may cross, until the next one.
  if (isLedgerKey(key) && (plan.settings.isRacy || key.endsWith('lease'))) return true
  const held = servers.map(({ disk }) => disk.peek(key))
  const present = held.filter((record) => record !== null)
  if (new Set(present.map(wordsFor)).size > 1) return false
  const nowMs = Math.floor(time.nowMs)
  const retirement = { retainedUntilMs: nowMs, diedUntilMs: nowMs - (plan.settings.options.gcGraceMs ?? 0) }
  const isDamaged = (each: SimulatedServer) => each.disk.damagedKeys.includes(key)
  const sound = servers.filter((server) => !isDamaged(server)).map(({ disk }) => disk.peek(key))
  // What nobody else holds, nobody can mend.
  if (servers.some(isDamaged)) return sound.every((record) => record === null)
  // Each replica keeps it for as long as what it held before asks for.
  return !held.includes(null) || present.some((record) => isDead(record, nowMs) && isRetired(record, retirement))
}

function wordsFor(record: VersionedRecord | null): string {
  return record === null ? 'nothing' : `${record.version} ${record.kind} ${record.payload}`
}

/** Nothing may be left of the work when all is done. */
export async function close(world: World): Promise<Violation[]> {
  const violations: Violation[] = []
  for (const { engine, name, isIdle } of world.processes) {
    const left = engine.replicas.filter(({ hints }) => hints > 0).map(({ id, hints }) => `${hints} for ${id}`)
    if (left.length > 0) violations.push(bounded(`${name} still has hints: ${left.join(', ')}`))
    if (!isIdle) violations.push(bounded(`${name} still has an operation or a sweep under way`))
    void engine.close()
  }
  await world.time.runUntil(world.time.nowMs + restMs)
  await world.time.runUntil(world.time.nowMs + 3 * (world.plan.settings.options.gcGraceMs ?? 0))
  if (world.time.pending > 0)
    violations.push(bounded(`${world.time.pending} timers are left when every store is closed`))
  return violations
}

/** No operation on a key may take longer than its deadline, but for the time that its process stood still. */
export function overdue(world: World): Violation[] {
  const { steps, settings } = world.plan
  // A walk over all keys, of which the history shows the single reads, has no deadline of its own.
  if (steps.some((step) => step.do === 'stall' || step.do === 'iterate')) return []
  const { deadlineMs = 0 } = settings.options
  return world.recorder.operations
    .filter(({ kind }) => kind !== 'clear')
    .filter(({ invokedAt, returnedAt }) => (returnedAt ?? invokedAt) - invokedAt > deadlineMs + 1)
    .map(({ index, key, invokedAt, returnedAt }) => ({
      rule: 'bounded' as const,
      key,
      operations: [index],
      explanation: `it took ${(returnedAt ?? 0) - invokedAt} ms, with a deadline of ${deadlineMs} ms, from ${invokedAt - startMs}`,
    }))
}

function convergence(key: string, explanation: string): Violation {
  return {
    rule: 'convergence',
    key: key.replace(storedKey(0).slice(0, -keyName(0).length), ''),
    operations: [],
    explanation,
  }
}

function bounded(explanation: string): Violation {
  return { rule: 'bounded', key: '', operations: [], explanation }
}
