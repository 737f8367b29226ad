import type { QuorumOptions } from '../../src/config.ts'
import type { LinkTrouble } from './link.ts'
import type { Damage } from './simulated-disk.ts'
import type { ServerTrouble } from './simulated-server.ts'

/**
 * What a run is about: anything at any time; quorums that hardly overlap; or a replica that is away while much is deleted.
 * The latter two arrange faults so that those meet which hardly ever meet by chance.
 */
export type Theme = 'mixed' | 'islands' | 'absence'

/** A whole run as data: what is drawn from a seed, and what is made smaller when it fails. */
export interface Plan {
  readonly seed: number
  readonly theme: Theme
  readonly settings: Settings
  /** In the order of their times. Any of them may be left out without a change to what the others mean. */
  readonly steps: readonly Step[]
  /** Counted from the beginning of the run, as all times of a plan are. */
  readonly endsAtMs: number
}

export interface Settings {
  readonly mode: 'quorum' | 'monotonic' | 'linearizable'
  readonly replicas: number
  /** Whether replicas read, compare and write, as those over any Keyv store do. */
  readonly isRacy: boolean
  readonly processes: number
  /** How many operations a process carries out at once. */
  readonly lanes: number
  readonly keys: number
  readonly options: QuorumOptions
  readonly linkLeastMs: number
  readonly linkSpreadMs: number
  readonly pageKeysMax: number
  /** The most that two wall clocks differ. */
  readonly skewMaxMs: number
  /** Where the clock of each process starts, off the true time. */
  readonly offsetsMs: readonly number[]
  /** How long after its retention a record is dropped by the server itself, as Redis does; null for never. */
  readonly expiryMarginMs: number | null
  /** How often every server keeps a copy of its data, to which it may fall back. */
  readonly copyEveryMs: number
  /** Whether more replicas may lose their data at once than the store can do without. */
  readonly allowsExcessLosses: boolean
}

interface At {
  /** Stays with the step when others are left out; values are named by it. */
  readonly id: number
  readonly atMs: number
}

export interface OperationStep extends At {
  readonly do: 'set' | 'delete' | 'get' | 'has' | 'clear' | 'iterate'
  readonly process: number
  readonly lane: number
  /** More than one for a batch. Numbers of keys. */
  readonly keys: readonly number[]
  readonly ttlMs: number | null
}

export interface LinkStep extends At {
  readonly do: 'link'
  /** Null for all of them. */
  readonly process: number | null
  readonly server: number | null
  readonly kind: LinkTrouble['kind']
  readonly way: LinkTrouble['way']
  readonly forMs: number
  readonly lateMs: number
}

export interface ServerStep extends At {
  readonly do: 'server'
  readonly server: number
  readonly what: 'crash' | 'freeze' | 'slow' | ServerTrouble
  readonly forMs: number
}

export interface LossStep extends At {
  readonly do: 'lose'
  readonly server: number
  /** How far back the data goes with which it starts again; null for no data at all. */
  readonly backMs: number | null
  readonly forMs: number
}

export interface DamageStep extends At {
  readonly do: 'damage'
  readonly server: number
  readonly key: number
  readonly damage: Damage
}

export interface ClockStep extends At {
  readonly do: 'clock'
  readonly process: number
  readonly offsetMs: number
}

export interface ProcessStep extends At {
  readonly do: 'stall' | 'restart'
  readonly process: number
  /** Of a stall. */
  readonly forMs: number
}

export interface SweepStep extends At {
  readonly do: 'sweep'
  readonly process: number
  readonly kind: 'full' | 'incremental' | 'preview' | 'part'
  /** Which of two, of a part. */
  readonly partition: number
  readonly abortAfterMs: number | null
}

export interface MemberStep extends At {
  readonly do: 'member'
  /** A return puts back what was taken out first, with what it held then. */
  readonly change: 'add' | 'remove' | 'replace' | 'return'
  /** Whether all processes are started anew with another list, so that nothing of it is on record. */
  readonly isByRestart: boolean
  /** Which of the replicas there are goes, of a removal, a replacement, or a return where none is missing. */
  readonly server: number
}

export type Step =
  | OperationStep
  | LinkStep
  | ServerStep
  | LossStep
  | DamageStep
  | ClockStep
  | ProcessStep
  | SweepStep
  | MemberStep

const operations: ReadonlySet<Step['do']> = new Set(['set', 'delete', 'get', 'has', 'clear', 'iterate'])

export function isOperation(step: Step): step is OperationStep {
  return operations.has(step.do)
}

export function keyName(key: number): string {
  return `k${key}`
}
