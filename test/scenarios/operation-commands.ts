import { namespacePrefix } from '../../src/core/key.ts'
import { decodePayload } from '../../src/payload.ts'
import type { OpenStore } from '../support/open-store.ts'
import { type Command, command, part } from './command.ts'
import type { Stage } from './stage.ts'
import { keyWords, quorumWords, sweepWords } from './wording.ts'

/** An operation of a store; in front of it stands the store, `b: get k`, unless that is `a`. */
function operation(
  form: RegExp,
  begin: (store: OpenStore, parts: readonly string[], nowMs: number) => Promise<string>,
): Command {
  return command(new RegExp(`^(?:([a-d]): )?(${form.source})$`), (stage, [name = '', line = '', ...parts]) => {
    const title = line.replace(/ ".*$/, '')
    const store = stage.store(name || 'a')
    stage.begin(name === '' ? title : `${name}: ${title}`, begin(store, parts, store.engine.nowMs()))
  })
}

/** An operation of store a that takes a replica of the stage which is not there yet. */
function changing(
  form: RegExp,
  begin: (store: OpenStore, stage: Stage, parts: readonly string[]) => Promise<string>,
): Command {
  return command(new RegExp(`^${form.source}$`), (stage, parts) => {
    stage.begin(form.source.replace(/ .*$/, ''), begin(stage.store('a'), stage, parts))
  })
}

export const operationCommands: readonly Command[] = [
  operation(/set (\S+) "([^"]*)"(?: for (-?\d+) ms)?/, async ({ view }, parts, nowMs) => {
    const ttl = part(parts, 2)
    await view.set(part(parts, 0), part(parts, 1), ttl === '' ? undefined : nowMs + Number(ttl))
    return 'done'
  }),
  operation(/setMany ((?:\S+ )+)"([^"]*)"/, async ({ view }, parts) => {
    const keys = part(parts, 0).trim().split(' ')
    return (await view.setMany(keys.map((key) => ({ key, value: part(parts, 1) })))).join(', ')
  }),
  operation(/get (\S+)/, async ({ view }, parts) => valueWords(await view.get(part(parts, 0)))),
  operation(/getMany (\S+(?: \S+)*)/, async ({ view }, parts) => {
    return (await view.getMany(part(parts, 0).split(' '))).map(valueWords).join(', ')
  }),
  operation(/has (\S+)/, async ({ view }, parts) => String(await view.has(part(parts, 0)))),
  operation(/delete (\S+)/, async ({ view }, parts) => String(await view.delete(part(parts, 0)))),
  operation(/clear/, async ({ view }) => {
    await view.clear()
    return 'done'
  }),
  operation(/sweep(?: (incremental|preview))?/, async ({ engine }, parts) => {
    const mode = part(parts, 0)
    return sweepWords(
      await engine.sweep(mode === 'preview' ? { preview: true } : mode === '' ? {} : { kind: 'incremental' }),
    )
  }),
  operation(/check/, async ({ engine }) => {
    await engine.check()
    return 'done'
  }),
  operation(/remove ([A-E])/, async ({ engine }, parts) => {
    await engine.removeReplica(part(parts, 0))
    return quorumWords(engine.options)
  }),
  operation(/promote ([A-E])/, async ({ engine }, parts) => {
    await engine.promoteReplica(part(parts, 0))
    return 'done'
  }),
  changing(/add ([A-E])/, async ({ engine }, stage, parts) => {
    engine.addReplica(stage.addedReplica(part(parts, 0)))
    return 'done'
  }),
  changing(/replace ([A-E]) by ([A-E])/, async ({ engine }, stage, parts) => {
    await engine.replaceReplica(part(parts, 0), stage.addedReplica(part(parts, 1)))
    return quorumWords(engine.options)
  }),
  operation(/quorum/, async ({ engine }) => quorumWords(engine.options)),
  operation(/close/, async ({ engine }) => {
    await engine.close()
    return 'done'
  }),
  /** `list keys=3` remembers at most three keys at once. */
  operation(/list(?: keys=(\d+))?/, async ({ operations }, parts) => {
    const limits = { keysMax: Number(part(parts, 0) || 100), pageKeysMax: 2 }
    const pages: string[] = []
    for await (const records of operations.iterate(namespacePrefix(undefined), limits)) {
      pages.push(records.map(({ key, payload }) => `${keyWords(key)} ${valueWords(decodePayload(payload))}`).join(', '))
    }
    return pages.map((page) => `[${page}]`).join(' ') || 'nothing'
  }),
]

function valueWords(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
