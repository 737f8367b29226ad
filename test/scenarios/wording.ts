import { foreverMs, isCorrupt, type RecordHead, type RecordStamp, type ScanEntry } from '../../src/core/record.ts'
import { type Version, versionTimeMs } from '../../src/core/version.ts'
import { QuorumError } from '../../src/errors.ts'
import type { SweepReport } from '../../src/events/sweep-report.ts'
import type { QuorumEvent } from '../../src/events.ts'
import { decodePayload } from '../../src/payload.ts'
import type { ChangesStep, DigestStep, PutOutcome, ReadAnswer, VersionAnswer } from '../../src/replica.ts'
import type { ReplicaState } from '../../src/replica-state.ts'
import type { ScriptedCall } from '../support/scripted-replica.ts'

/**
 * How a transcript words things. A version is `v`, its time, `.` and its counter unless that is 0, and the name of the
 * store that made it; `v6` was there from the start, `v6'` is the version right above it.
 */
export function versionWords(version: Version): string {
  const counter = Number.parseInt(version.slice(12, 16), 16)
  return `v${versionTimeMs(version)}${counter === 0 ? '' : `.${counter}`}${writerWords(version.slice(16))}`
}

function writerWords(writer: string): string {
  if (writer === '000000000001') return ''
  if (writer === '000000000002') return "'"
  const letter = writer.charAt(0)
  if (writer === letter.repeat(12)) return letter
  return writer.startsWith(letter.repeat(11)) ? `${letter}'` : `:${writer}`
}

/** Keys of no namespace stand without their colon, those of the store's own records in brackets. */
export function keyWords(key: string): string {
  if (key.startsWith('\u0001'))
    return `[${key
      .slice(1)
      .replace(/^ledger:/, '')
      .replace('replica:', '')}]`
  return key.startsWith(':') ? key.slice(1) : key
}

export function recordWords(record: RecordHead & { readonly payload?: string }): string {
  const { version, kind, expiresAtMs, payload } = record
  const words = [versionWords(version)]
  if (kind === 'tombstone') words.push('deleted')
  else if (payload?.startsWith('{')) words.push(ledgerWords(payload))
  else if (payload !== undefined) words.push(JSON.stringify(decodePayload(payload)))
  if (expiresAtMs !== null) words.push(`until ${expiresAtMs}`)
  if (kind === 'tombstone' || record.retainUntilMs !== (expiresAtMs ?? foreverMs)) words.push(keptWords(record))
  return words.join(' ')
}

function keptWords({ retainUntilMs }: RecordStamp): string {
  return `kept ${retainUntilMs === foreverMs ? 'for ever' : retainUntilMs}`
}

export function answerWords(answer: ReadAnswer | VersionAnswer): string {
  if (answer === null) return 'nothing'
  return isCorrupt(answer) ? 'corrupt' : recordWords(answer)
}

export function callWords(call: ScriptedCall): string {
  const urgency = 'lastResort' in call.options && call.options.lastResort === true ? ' (last resort)' : ''
  switch (call.method) {
    case 'getMany':
      return `get ${call.keys.map(keyWords).join(', ')}${urgency}`
    case 'getVersions':
      return `heads ${call.keys.map(keyWords).join(', ')}${urgency}`
    case 'putManyIfNewer': {
      const entries = call.entries.map(
        ({ record, mendsCorrupt }) =>
          `${keyWords(record.key)} ${recordWords(record)}${mendsCorrupt ? ', mending' : ''}`,
      )
      return `put ${entries.join('; ')}${urgency}`
    }
    case 'purgeMany':
      return `purge ${call.heads.map(({ key, version }) => `${keyWords(key)} ${versionWords(version)}`).join(', ')}`
    case 'changes':
      return call.after === null ? 'changes' : `changes after ${call.after}`
    default:
      return call.method
  }
}

export function answersWords(call: ScriptedCall, answers: readonly unknown[]): string {
  switch (call.method) {
    case 'getMany':
    case 'getVersions':
      return (answers as readonly ReadAnswer[])
        .map((answer, index) => `${keyWords(call.keys[index] ?? '')} ${answerWords(answer)}`)
        .join('; ')
    case 'putManyIfNewer':
      return (answers as readonly PutOutcome[])
        .map((outcome, index) => outcomeWords(outcome, call.entries[index]?.record))
        .join('; ')
    case 'scan':
      return (answers as readonly ScanEntry[])
        .map((head) => `${keyWords(head.key)} ${head.isUnreadable === true ? 'corrupt' : recordWords(head)}`)
        .join('; ')
    case 'digest':
      return (answers as readonly DigestStep[]).map(({ records }) => `${records} records`).join('; ')
    case 'changes':
      return (answers as readonly ChangesStep[]).map(changesWords).join('; ')
    default:
      return answers.join('; ')
  }
}

function changesWords({ keys, position, isGap }: ChangesStep): string {
  const what = isGap === true ? 'a gap' : keys.map(keyWords).join(', ')
  return `${what === '' ? '' : `${what}, `}up to ${position}`
}

/** What the store has on record about itself, without what is empty. */
function ledgerWords(payload: string): string {
  const fields = Object.entries(JSON.parse(payload) as Readonly<Record<string, unknown>>)
  const isTold = ([name, value]: readonly [string, unknown]) => name !== 'positions' && value !== null
  return `{${fields
    .filter(isTold)
    .map(([name, value]) => `${name}: ${fieldWords(value)}`)
    .join(', ')}}`
}

function fieldWords(value: unknown): string {
  return typeof value === 'object' && value !== null ? ledgerWords(JSON.stringify(value)) : String(value)
}

/** How a replica stands, and what waits for it. */
export function stateWords({ id, condition, standing, reason, hints, needsSweep }: ReplicaState): string {
  const words = [`${id} is ${standing === 'full' ? standing : `${standing}: ${reason}`}`]
  if (condition !== 'up') words.push(condition)
  if (hints > 0) words.push(`${hints} hints`)
  if (needsSweep !== null) words.push(`needs a sweep: ${needsSweep}`)
  return words.join(', ')
}

export function quorumWords({ n, r, w }: { readonly n: number; readonly r: number; readonly w: number }): string {
  return `n=${n} r=${r} w=${w}`
}

export function sweepWords(report: SweepReport): string {
  const words = [`${report.differing} differed`]
  for (const { replica, pulled, purged, zombies, skipped } of report.replicas) {
    if (pulled > 0) words.push(`${replica} was given ${pulled}`)
    if (purged > 0) words.push(`${purged} purged at ${replica}`)
    if (zombies > 0) words.push(`${zombies} zombies at ${replica}`)
    if (skipped !== null) words.push(`${replica} left out`)
  }
  if (report.left > 0) words.push(`${report.left} left`)
  return `${words.join(', ')}${report.isComplete ? '' : ', incomplete'}`
}

function outcomeWords(outcome: PutOutcome, put: RecordStamp | undefined): string {
  if (outcome.status === 'superseded') return `superseded by ${versionWords(outcome.by.version)}`
  const kept =
    outcome.retainUntilMs === put?.retainUntilMs ? '' : `, ${keptWords({ ...put, ...outcome } as RecordStamp)}`
  if (outcome.status === 'held') return `held already${kept}`
  return `stored${outcome.replaced === null ? '' : ` over ${versionWords(outcome.replaced.version)}`}${kept}`
}

/** What comes so often that it hides the rest. */
export function isDetail({ type }: QuorumEvent): boolean {
  return type === 'replica-failure' || type === 'sweep-progress'
}

export function eventWords(event: QuorumEvent): string {
  switch (event.type) {
    case 'repair':
      return `repair ${event.replica} ${keyWords(event.key)} ${versionWords(event.version)}, was ${event.held}`
    case 'replica-down':
    case 'replica-up':
      return `${event.type} ${event.replica}`
    case 'replica-failure':
      return `${event.replica} failed ${event.call}: ${event.error.code}, ${event.error.reason}`
    case 'superseded':
      return `superseded ${keyWords(event.key)} by ${versionWords(event.by)}, again with ${versionWords(event.retriedWith)}`
    case 'corrupt':
      return `corrupt ${event.replica} ${keyWords(event.key)}: ${event.reason}`
    case 'dropped':
      return `dropped ${event.count} of ${event.work} for ${event.replica}: ${event.reason}`
    case 'handoff':
      return `handoff to ${event.replica}: ${event.keys} keys, ${event.stored} stored`
    case 'needs-sweep':
      return `needs-sweep ${event.replica}: ${event.reason}`
    case 'replica-joining':
      return `replica-joining ${event.replica}: ${event.reason}`
    case 'replica-full':
      return `replica-full ${event.replica}`
    case 'data-may-be-lost':
      return `data-may-be-lost ${event.replicas.join(', ')}: ${event.reason}`
    case 'lineage-conflict':
      return `lineage-conflict ${event.replica}: ${event.told} here, ${event.recorded} on record`
    case 'sweep-began':
      return `sweep-began ${event.kind} over ${event.replicas.join(', ')}`
    case 'sweep-progress':
      return `sweep-progress ${event.progress.phase} ${event.progress.fraction}`
    case 'sweep-ended':
      return `sweep-ended ${event.report.kind}: ${sweepWords(event.report)}`
    case 'sweep-failed':
      return `sweep-failed: ${event.reason}`
    case 'clock-skew':
      return `clock-skew ${keyWords(event.key)} ${versionWords(event.version)} is ${event.aheadMs} ms ahead`
    case 'quorum-lost':
      return `quorum-lost ${event.operation}: ${event.acked} of ${event.needed}`
  }
}

export function errorWords(error: unknown): string {
  if (!(error instanceof QuorumError)) return `throws ${String(error)}`
  const outcome = ['get', 'has', 'iterator'].includes(error.operation) ? '' : `, outcome ${error.outcome}`
  const causes = [...error.causes.values()].map(({ replica, code }) => `${replica} ${code}`)
  return `${error.code} of ${error.operation}, ${error.acked} of ${error.needed}${outcome} (${causes.join(', ')})`
}
