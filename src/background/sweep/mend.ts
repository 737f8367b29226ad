import { partsOf } from '../../coordinator/parts.ts'
import {
  type CorruptRecord,
  isCorrupt,
  type RecordHead,
  type VersionedRecord,
  withRetention,
} from '../../core/record.ts'
import { compareHeads } from '../../core/resolve.ts'
import { isRetired } from '../../core/retirement.ts'
import { versionTimeMs } from '../../core/version.ts'
import type { Entry } from '../../replica.ts'
import {
  type DecisionRules,
  decideKey,
  isReadElsewhere,
  type KeyDecision,
  type Lack,
  type MemberAnswer,
} from './decide-key.ts'
import type { SweepContext } from './sweep-context.ts'
import { bytesOf } from './tally.ts'

/** A key about which something is to be done. */
export interface Due {
  readonly key: string
  readonly answers: readonly MemberAnswer[]
  readonly decision: KeyDecision
}

/** A key on its way from a replica that holds the newest record to those that lack it. */
interface Errand {
  readonly due: Due
  readonly head: RecordHead
  /** Holders that were not asked yet. */
  readonly from: number[]
  readonly to: Lack[]
  /** What holders gave instead of the record, by replica. */
  readonly corrupt: Map<number, CorruptRecord>
  found: { readonly record: VersionedRecord; readonly source: number } | null
}

interface Parcel {
  readonly entry: Entry
  readonly source: number
}

const batchKeysMax = 500
const payloadLengthAtFirst = 20_000
/** A write that is still under way may count on what was damaged so recently; nothing older takes its place yet. */
const underWayMs = 60_000

/** Does what was decided: drops zombies, moves the newest records to where they are lacking. A preview only counts it. */
export class Mender {
  readonly #context: SweepContext
  /** How long the payloads of the last batch were on average: how many keys may go into the next. */
  #payloadLength = payloadLengthAtFirst

  constructor(context: SweepContext) {
    this.#context = context
  }

  async mend(due: readonly Due[], rules: DecisionRules): Promise<void> {
    if (this.#context.plan.isPreview) {
      for (const { decision } of due) this.#foresee(decision)
      return
    }
    await this.#dropZombies(due)
    const errands = due.flatMap(errandsOf)
    while (errands.length > 0) {
      const batch = errands.splice(0, this.#batchKeys)
      await this.#fetch(batch)
      await this.#deliver(batch)
      await this.#mendUnreadable(batch, rules)
    }
  }

  get #batchKeys(): number {
    const fitting = Math.floor(this.#context.limits.payloadLengthMax / Math.max(1, this.#payloadLength))
    return Math.min(batchKeysMax, Math.max(1, fitting))
  }

  #foresee({ zombies, spread }: KeyDecision): void {
    const { tally, purgeable } = this.#context
    for (const { member } of zombies) tally.add(member, 'zombies')
    if (spread === null) return
    const [source = 0] = spread.from
    for (const { member, held } of spread.to) {
      tally.add(member, 'pulled')
      tally.add(source, 'pushed')
      const heldHead = held === null || isCorrupt(held) ? null : held
      const retainUntilMs = Math.max(spread.head.retainUntilMs, heldHead?.retainUntilMs ?? 0)
      // The purge that follows finds what was put in the place of what it would have found now.
      const isPurgedThen = isRetired({ ...spread.head, retainUntilMs }, purgeable)
      const isPurgedNow = heldHead !== null && isRetired(heldHead, purgeable)
      tally.add(member, 'purged', Number(isPurgedThen) - Number(isPurgedNow))
    }
  }

  async #dropZombies(due: readonly Due[]): Promise<void> {
    const { attendance, tally } = this.#context
    const zombies = byMember(due.flatMap(({ decision }) => decision.zombies))
    await attendance.eachAtOnce(async (member) => {
      const heads = zombies.get(member)?.map(({ head }) => head) ?? []
      for (const part of this.#partsFor(member, heads)) {
        const purged = await attendance.ask(member, (replica, options) => replica.purgeMany(part, options))
        tally.add(member, 'zombies', purged?.filter(Boolean).length ?? 0)
        tally.add(member, 'bytes', bytesOf(part))
      }
    })
  }

  /** Asks one holder after the other, until each key is found or has no holder left. */
  async #fetch(batch: readonly Errand[]): Promise<void> {
    for (
      let open = batch;
      open.length > 0;
      open = batch.filter(({ found, from }) => found === null && from.length > 0)
    ) {
      const asked = byMember(
        open.flatMap((errand) => {
          const member = errand.from.shift()
          return member === undefined ? [] : [{ member, errand }]
        }),
      )
      await this.#context.attendance.eachAtOnce((member) =>
        this.#fetchFrom(member, asked.get(member)?.map(({ errand }) => errand) ?? []),
      )
    }
    const found = batch.flatMap((errand) => errand.found ?? [])
    const length = found.reduce((sum, { record }) => sum + record.payload.length, 0)
    if (found.length > 0) this.#payloadLength = length / found.length
  }

  async #fetchFrom(member: number, errands: readonly Errand[]): Promise<void> {
    const { attendance, tally, parts } = this.#context
    for (const part of this.#partsFor(member, errands)) {
      const keys = part.map(({ due }) => due.key)
      const answers = (await attendance.ask(member, (replica, options) => replica.getMany(keys, options))) ?? []
      for (const [index, errand] of part.entries()) {
        const answer = answers[index] ?? null
        if (answer === null) continue
        if (isCorrupt(answer)) {
          errand.corrupt.set(member, answer)
          parts.events.emit({
            type: 'corrupt',
            replica: attendance.idOf(member),
            key: answer.key,
            reason: answer.reason,
          })
          continue
        }
        tally.add(member, 'bytes', bytesOf([answer.key, answer]))
        if (compareHeads<RecordHead>(headOf(answer), errand.head) >= 0)
          errand.found = { record: answer, source: member }
      }
    }
  }

  async #deliver(batch: readonly Errand[]): Promise<void> {
    const parcels = byMember(batch.flatMap(parcelsOf))
    await this.#context.attendance.eachAtOnce(async (member) => {
      for (const part of this.#partsFor(member, parcels.get(member) ?? [])) await this.#put(member, part)
    })
  }

  async #put(member: number, parcels: readonly Parcel[]): Promise<void> {
    const { attendance, tally } = this.#context
    const entries = parcels.map(({ entry }) => entry)
    const outcomes = await attendance.ask(member, (replica, options) => replica.putManyIfNewer(entries, options))
    if (outcomes === undefined) return
    tally.add(member, 'bytes', bytesOf(entries.map(({ record }) => record)))
    for (const [index, { source }] of parcels.entries()) {
      if (outcomes[index]?.status !== 'stored') continue
      tally.add(member, 'pulled')
      tally.add(source, 'pushed')
    }
  }

  /**
   * Where every holder of the newest head turned out to hold no such record, that head is damage: what the others hold is
   * the newest, and mends it. Where they hold nothing, it goes.
   */
  async #mendUnreadable(batch: readonly Errand[], rules: DecisionRules): Promise<void> {
    const again = batch.flatMap(({ due, found, corrupt, head }) => {
      const ageMs = rules.nowMs - versionTimeMs(head.version)
      if (found !== null || corrupt.size === 0 || Math.abs(ageMs) <= underWayMs) return []
      const answers = due.answers.map((answer, member) => corrupt.get(member) ?? answer)
      const decision = isUnknownElsewhere(answers, rules) ? dropping(head, corrupt.keys()) : decideKey(answers, rules)
      return [{ key: due.key, answers, decision }]
    })
    if (again.length > 0) await this.mend(again, rules)
  }

  #partsFor<Item>(member: number, items: readonly Item[]): readonly (readonly Item[])[] {
    if (items.length === 0) return []
    return partsOf(items, this.#context.parts.members[member]?.replica.limits.batchKeysMax ?? batchKeysMax)
  }
}

function errandsOf(due: Due): Errand[] {
  const { spread } = due.decision
  if (spread === null) return []
  return [{ due, head: spread.head, from: [...spread.from], to: [...spread.to], corrupt: new Map(), found: null }]
}

/** What goes to whom, once the record is found: also to holders that could not give it. */
function parcelsOf({ head, to, corrupt, found }: Errand): (Parcel & { readonly member: number })[] {
  if (found === null) return []
  const { source } = found
  const isSame = found.record.version === head.version
  const record = isSame ? withRetention(found.record, head.retainUntilMs) : found.record
  const lacks = [...to, ...[...corrupt].map(([member, held]) => ({ member, held }))]
  return lacks.map(({ member, held }) => ({ member, source, entry: entryFor(record, held) }))
}

function entryFor(record: VersionedRecord, held: Lack['held']): Entry {
  if (!isCorrupt(held)) return { record }
  const { storedIdentity } = held
  return storedIdentity === undefined
    ? { record, mendsCorrupt: true }
    : { record, mendsCorrupt: true, mendsIdentity: storedIdentity }
}

/**
 * Whether so many full replicas hold nothing for a key that no acknowledged record can have been missed, and nobody can read
 * one: what is damaged then was never acknowledged, or was deleted and purged elsewhere, and nothing will ever mend it.
 */
function isUnknownElsewhere(answers: readonly MemberAnswer[], rules: DecisionRules): boolean {
  const isReadNowhere = answers.every((answer) => answer === null || answer === undefined || isCorrupt(answer))
  return isReadNowhere && isReadElsewhere(answers, rules)
}

function dropping(head: RecordHead, members: Iterable<number>): KeyDecision {
  const zombies = [...members].map((member) => ({ member, head }))
  return { spread: null, zombies, leftAt: [], differing: [] }
}

/** Heads are compared by stamps alone, as other replicas' answers are. */
function headOf({ key, version, kind, expiresAtMs, retainUntilMs }: VersionedRecord): RecordHead {
  return { key, version, kind, expiresAtMs, retainUntilMs }
}

function byMember<Item extends { readonly member: number }>(items: readonly Item[]): Map<number, Item[]> {
  const sorted = new Map<number, Item[]>()
  for (const item of items) {
    const own = sorted.get(item.member)
    if (own === undefined) sorted.set(item.member, [item])
    else own.push(item)
  }
  return sorted
}
