import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { QuorumOptions } from '../../../src/config.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { waitUntil } from '../../servers/wait-until.ts'
import { openStore } from '../../support/open-store.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { differencesBetween } from '../contents.ts'
import { assemble, type CastMember, type CastName } from './cast.ts'
import type { NamedKey } from './client-plan.ts'
import { Fleet, skewMaxMs } from './fleet.ts'
import { Journal } from './journal.ts'
import { Nemesis } from './nemesis.ts'
import { hostMs } from './operation-log.ts'
import { historiesOf, type RecordedOperation, readOperations } from './read-history.ts'
import { RunClock } from './run-clock.ts'
import { leapMaxMs, Unrest } from './unrest.ts'
import { type Finding, type Mode, verdictOf } from './verdict.ts'

export interface MixedFaultsOptions {
  readonly mode: Mode
  readonly cast: CastName
  readonly seed: number
  /** How long the faults go on. */
  readonly durationMs: number
  readonly clientsCount: number
  /** Instead of what the mode says. */
  readonly storeOptions?: QuorumOptions
  readonly say: (line: string) => void
}

export interface MixedFaultsReport {
  readonly findings: readonly Finding[]
  /** How often each fault and each kind of operation, by its outcome, was there. */
  readonly counts: ReadonlyMap<string, number>
  /** What the clients left on record; removed where nothing was found. */
  readonly folder: string
}

const sharedOptions: QuorumOptions = {
  keyv: 6,
  lineage: 'checked',
  hintsMax: 100_000,
  gcGraceMs: 3_600_000,
  sweepEveryMs: 8_000,
  sweepFullyEveryMs: 600_000,
  maxClockSkewMs: 2 * skewMaxMs + leapMaxMs,
}

// While time leaps, one client has heard of it and another has not.
const tolerances = {
  expiryToleranceMs: skewMaxMs + leapMaxMs + 1_000,
  clearToleranceMs: 2 * skewMaxMs + leapMaxMs + 1_000,
}

const modeOptions: Readonly<Record<Mode, QuorumOptions>> = {
  quorum: {},
  monotonic: { reads: 'monotonic' },
  linearizable: { consistency: 'linearizable' },
}

/** Several client processes at work on real servers while these, the network, the clocks and the clients fail. */
export async function runMixedFaults(options: MixedFaultsOptions): Promise<MixedFaultsReport> {
  const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-faults-'))
  const members = await assemble(options.cast, options.clientsCount)
  await begin(members)
  const journal = new Journal(options.say)
  const clock = new RunClock()
  const fleet = new Fleet({
    ...options,
    members,
    folder,
    journal,
    clock,
    random: seededRandom(options.seed),
    options: { ...sharedOptions, ...modeOptions[options.mode], ...options.storeOptions },
  })
  const stage: Stage = { ...options, members, fleet, journal, clock }
  try {
    await play(stage)
    const healedAtMs = await heal(stage)
    const findings = [...(await differences(stage)), ...(await eventFindings(stage))]
    const operations = await recordedOperations(stage)
    tellOperations(operations, journal)
    findings.push(...verdictOf(historiesOf(operations), { ...options, healedAtMs, tolerances }))
    for (const { explanation } of findings) journal.say(`VIOLATION ${explanation}`)
    if (findings.length === 0) await rm(folder, { recursive: true })
    return { findings, counts: journal.counts, folder }
  } catch (error) {
    throw new Error(`the run broke down; what the clients did is in ${folder}`, { cause: error })
  } finally {
    await fleet.kill()
    await Promise.all(members.map((member) => member.close()))
  }
}

interface Stage extends MixedFaultsOptions {
  readonly members: readonly CastMember[]
  readonly fleet: Fleet
  readonly journal: Journal
  readonly clock: RunClock
}

/**
 * Puts all replicas on record while all of them answer. Clients that start on a busy machine may hear only one in time; then
 * the others would rightly be taken for replicas that lost their data.
 */
async function begin(members: readonly CastMember[]): Promise<void> {
  const replicas = members.map((member) => member.open())
  const patience = { deadlineMs: 30_000, callTimeoutMs: 30_000 }
  const { engine } = openStore(systemRuntime, replicas, { ...sharedOptions, ...patience, sweepEveryMs: 0 })
  try {
    const isBegun = async () => {
      await engine.check()
      return engine.replicas.every(({ standing }) => standing === 'full')
    }
    await waitUntil(isBegun, { what: 'all replicas to be on record', timeoutMs: 60_000 })
  } finally {
    await engine.close()
  }
}

/** Until the time is over and every fault has ended, and the clients have ended their load. */
async function play(stage: Stage): Promise<void> {
  const { fleet, journal, durationMs, seed } = stage
  await allIsWell(stage)
  const endMs = hostMs() + durationMs
  let isBroken = false
  const isOver = () => isBroken || hostMs() >= endMs
  const unrest = new Unrest({ ...stage, random: seededRandom(seed + 1) })
  const nemesis = new Nemesis({ ...stage, unrest, random: seededRandom(seed + 2) })
  const broken = (error: unknown) => {
    isBroken = true
    throw error
  }
  const ends = await Promise.allSettled([nemesis.run(isOver).catch(broken), unrest.run(isOver).catch(broken)])
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  journal.say('the faults are over')
  await fleet.askAll({ name: 'finish' })
}

async function allIsWell({ fleet, journal }: Stage): Promise<void> {
  const isWell = () =>
    fleet.allSee(({ standing, condition, hints }) => standing === 'full' && condition === 'up' && hints === 0)
  const what = 'all replicas to be up and full for all clients, with nothing left to hand over'
  await waitUntil(isWell, { what, timeoutMs: 120_000, pollMs: 200 })
  journal.say('all replicas are up and full for all clients')
}

/** One sweep, after which every client reads every key. @returns when the sweep had ended, in the time of the run */
async function heal(stage: Stage): Promise<number> {
  const { fleet, clock } = stage
  await allIsWell(stage)
  await fleet.ask(0, { name: 'sweep' })
  const healedAtMs = clock.nowMs
  await fleet.askAll({ name: 'read', keys: keysOf(await recordedOperations(stage)) })
  return healedAtMs
}

/** Past all clients and links, the replicas hold the same, record by record. */
async function differences({ members, clock }: Stage): Promise<readonly Finding[]> {
  const witnesses = members.map((member) => member.open())
  try {
    const found = await differencesBetween(witnesses, clock.nowMs)
    return found.map((difference) => ({ rule: 'convergence', explanation: `after the last sweep, ${difference}` }))
  } finally {
    await Promise.all(witnesses.map((witness) => witness.close()))
  }
}

/** What the stores told, counted; and what they must not tell where no more was hurt than they can do without. */
async function eventFindings({ fleet, journal }: Stage): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const name of fleet.names) {
    for (const { type, reason } of await eventsIn(fleet.eventsFile(name))) {
      journal.count(`event ${type}`)
      if (type === 'data-may-be-lost') findings.push({ rule: 'lost-write', explanation: `${name}: ${type}, ${reason}` })
    }
  }
  return findings
}

async function eventsIn(file: string): Promise<readonly { readonly type: string; readonly reason?: string }[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line))
}

/** Those that failed one by one, as far as a reader can bear it: with so few replicas hurt, there should be few. */
function tellOperations(operations: readonly RecordedOperation[], journal: Journal): void {
  for (const { kind, outcome, returnedAt } of operations) {
    journal.count(`${kind}: ${returnedAt === null ? 'never heard of' : outcome}`)
  }
  for (const { begunAtMs, client, kind, key, why } of operations.filter((each) => each.why !== '').slice(0, 20)) {
    const atSeconds = ((begunAtMs - journal.beganAtMs) / 1_000).toFixed(1)
    journal.say(`failed: ${client}, ${kind} ${key}, begun at ${atSeconds} s: ${why}`)
  }
}

function keysOf(operations: readonly RecordedOperation[]): readonly NamedKey[] {
  const byNamespace = Map.groupBy(operations, ({ namespace }) => namespace)
  return [...byNamespace].flatMap(([namespace, own]) => {
    const keys = new Set(own.map(({ key }) => key).filter((key) => key !== ''))
    return [...keys].map((key) => ({ namespace, key }))
  })
}

function recordedOperations({ fleet, clock }: Stage): Promise<readonly RecordedOperation[]> {
  const files = fleet.names.map((name) => fleet.operationsFile(name))
  return readOperations(files, clock)
}
