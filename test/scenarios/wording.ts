import { foreverMs, isCorrupt, type RecordHead, type RecordStamp, type ScanEntry } from '../../src/core/record.ts'
import { type Version, versionTimeMs } from '../../src/core/version.ts'
import { QuorumError } from '../../src/errors.ts'
import type { QuorumEvent } from '../../src/events.ts'
import { decodePayload } from '../../src/payload.ts'
import type { PutOutcome, ReadAnswer, VersionAnswer } from '../../src/replica.ts'
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

/** Keys of no namespace stand without their colon. */
export function keyWords(key: string): string {
  return key.startsWith(':') ? key.slice(1) : key
}

export function recordWords(record: RecordHead & { readonly payload?: string }): string {
  const { version, kind, expiresAtMs, payload } = record
  const words = [versionWords(version)]
  if (kind === 'tombstone') words.push('deleted')
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
    default:
      return answers.join('; ')
  }
}

function outcomeWords(outcome: PutOutcome, put: RecordStamp | undefined): string {
  if (outcome.status === 'superseded') return `superseded by ${versionWords(outcome.by.version)}`
  const kept =
    outcome.retainUntilMs === put?.retainUntilMs ? '' : `, ${keptWords({ ...put, ...outcome } as RecordStamp)}`
  if (outcome.status === 'held') return `held already${kept}`
  return `stored${outcome.replaced === null ? '' : ` over ${versionWords(outcome.replaced.version)}`}${kept}`
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
    case 'sweep-began':
      return `sweep-began ${event.kind} over ${event.replicas.join(', ')}`
    case 'sweep-progress':
      return `sweep-progress ${event.progress.phase} ${event.progress.fraction}`
    case 'sweep-ended':
      return `sweep-ended ${event.report.kind}, ${event.report.differing} differed${event.report.isComplete ? '' : ', incomplete'}`
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
