import { keyText, namespacePrefix } from '../../src/core/key.ts'
import { foreverMs, newTombstone, newValue, type VersionedRecord } from '../../src/core/record.ts'
import { type Version, versionTimeMs } from '../../src/core/version.ts'
import { encodePayload } from '../../src/payload.ts'
import { versionAt } from '../conformance/samples.ts'
import { type Fate, fates, type ScriptedCall, type ScriptedReplica } from '../support/scripted-replica.ts'
import { type Command, command, part } from './command.ts'
import type { Stage } from './stage.ts'
import { keyWords, recordWords } from './wording.ts'

/** What a replica can be told to do with every call, or with every call of one kind. */
const behaviours: readonly (readonly [words: string, fate: Fate])[] = [
  ['answers?', {}],
  ['refuses?', fates.refused],
  ['rejects?', fates.rejected],
  ['loses? (?:its|their) answers', fates.answerLost],
  ['hangs?', fates.hung],
  ['holds? (?:its|their) answers', fates.held],
  ['holds? the requests', fates.heldBack],
  ['throws?', { throws: new TypeError('undefined is not a function') }],
  ['answers? too little', { garble: (answers) => answers.slice(1) }],
  ['answers? for another key', { garble: (answers) => answers.map(withAnotherKey) }],
  ['answers? nonsense', { garble: (answers) => answers.map(() => ({ status: 'maybe' })) }],
  ['answers? undefined', { garble: (answers) => answers.map(() => undefined) }],
]

const methods: Readonly<Record<string, ScriptedCall['method']>> = {
  get: 'getMany',
  heads: 'getVersions',
  put: 'putManyIfNewer',
  scan: 'scan',
  lineage: 'lineage',
  digest: 'digest',
}

const names = '([A-E](?:,[A-E])*)'

export const replicaCommands: readonly Command[] = [
  command(new RegExp(`^${names} holds? (\\S+) v(\\d+)(?:\\.(\\d+))? (.+)$`), (stage, parts) => {
    const version = seededVersion(Number(part(parts, 2)), Number(part(parts, 3)))
    const record = recordIn(part(parts, 1), version, part(parts, 4))
    each(stage, parts, (replica) => replica.store.place(record))
  }),
  command(new RegExp(`^${names} (?:is|are) (damaged|wrecked) at (\\S+)$`), (stage, parts) => {
    const damage = part(parts, 1) === 'wrecked' ? 'head' : 'payload'
    each(stage, parts, (replica) => replica.store.damage(`:${part(parts, 2)}`, damage))
  }),
  command(new RegExp(`^${names} (?:has|have) a raised version at (\\S+)$`), (stage, parts) => {
    each(stage, parts, (replica) => replica.store.raiseVersion(`:${part(parts, 1)}`))
  }),
  command(new RegExp(`^${names} (?:is|are) wiped$`), (stage, parts) => {
    each(stage, parts, (replica) => replica.store.wipe())
  }),
  /** As when a server restarts without its data: its lineage tells. */
  command(new RegExp(`^${names} restarts? empty$`), (stage, parts) => {
    each(stage, parts, (replica) => replica.wipe())
  }),
  command(new RegExp(`^${names} takes? (\\d+) ms$`), (stage, parts) => {
    each(stage, parts, (replica) => stage.behave(replica, { back: Number(part(parts, 1)) }, null))
  }),
  command(new RegExp(`^${names} hangs? on close$`), (stage, parts) => {
    each(stage, parts, (replica) => {
      replica.close = () => new Promise(() => undefined)
    })
  }),
  command(new RegExp(`^${names} scans? in pages of (\\d+)$`), (stage, parts) => {
    each(stage, parts, (replica) => {
      replica.pageKeysMax = Number(part(parts, 1))
    })
  }),
  command(new RegExp(`^${names} hangs? after page (\\d+)$`), (stage, parts) => {
    each(stage, parts, (replica) => breakAfterPages(replica, Number(part(parts, 1)), fates.hung))
  }),
  command(new RegExp(`^${names} refuses after page (\\d+)$`), (stage, parts) => {
    each(stage, parts, (replica) => breakAfterPages(replica, Number(part(parts, 1)), fates.refused))
  }),
  command(new RegExp(`^${names} goe?s? on(?: with (\\d+))?$`), (stage, parts) => {
    const count = part(parts, 1)
    each(stage, parts, (replica) => replica.release(count === '' ? undefined : Number(count)))
  }),
  command(/^show (\S+)$/, (stage, parts) => {
    for (const { id, store } of stage.replicas) stage.note(`${id} has ${heldWords(store, `:${part(parts, 0)}`)}`)
  }),
  ...behaviours.map(([words, fate]) =>
    command(new RegExp(`^${names} ${words}(?: on (${Object.keys(methods).join('|')}))?$`), (stage, parts) => {
      each(stage, parts, (replica) => stage.behave(replica, fate, methods[part(parts, 1)] ?? null))
    }),
  ),
]

function each(stage: Stage, parts: readonly string[], tell: (replica: ScriptedReplica) => void): void {
  for (const id of part(parts, 0).split(',')) tell(stage.replica(id))
}

/** Of a writer whose name is left out in the transcripts. */
function seededVersion(ms: number, counter: number): Version {
  const version = versionAt(ms)
  return `${version.slice(0, 12)}${counter.toString(16).padStart(4, '0')}${version.slice(16)}`
}

/** `"old" until 1500 kept 2000`, `deleted kept 1000`: as records are worded in the output. */
function recordIn(key: string, version: Version, text: string): VersionedRecord {
  const [, payload, expiry, retention] =
    /^(deleted|"[^"]*")(?: until (\d+))?(?: kept (\d+|for ever))?$/.exec(text) ?? []
  if (payload === undefined) throw new Error(`no record: ${text}`)
  const full = keyText(namespacePrefix(undefined), key)
  const record =
    payload === 'deleted'
      ? newTombstone(full, version, versionTimeMs(version))
      : newValue(full, version, encodePayload(payload.slice(1, -1)), expiry === undefined ? null : Number(expiry))
  if (retention === undefined) return record
  return { ...record, retainUntilMs: retention === 'for ever' ? foreverMs : Number(retention) }
}

function heldWords(store: ScriptedReplica['store'], key: string): string {
  const record = store.peek(key)
  if (record === null) return `no ${keyWords(key)}`
  return `${keyWords(key)} ${store.isDamaged(key) ? 'damaged, was ' : ''}${recordWords(record)}`
}

function breakAfterPages(replica: ScriptedReplica, pages: number, fate: Fate): void {
  let seen = 0
  replica.fate = (call) => {
    if (call.method !== 'scan') return {}
    seen += 1
    return seen > pages ? fate : {}
  }
}

function withAnotherKey(answer: unknown): unknown {
  return { ...(answer as object), key: ':other' }
}
