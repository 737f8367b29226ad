import { createHash } from 'node:crypto'
import type { Random } from '../../src/runtime.ts'
import type { RedisRequest } from './exchange.ts'
import type { RedisBatch } from './redis-batch.ts'
import type { RedisCall } from './redis-call.ts'
import type { RedisFailures } from './redis-failures.ts'
import type { RedisLink } from './redis-link.ts'
import type { RedisRoutes } from './redis-routes.ts'
import { type FactsNeeded, factsCommands, noFacts, readFacts, type ServerFacts, unfitReason } from './server-facts.ts'
import { type KeyspaceMark, ToldLineage, type ToldServer } from './told-lineage.ts'

export interface LineageSettings {
  readonly routes: RedisRoutes
  readonly failures: RedisFailures
  readonly random: Random
  readonly factsNeeded: FactsNeeded
  readonly identify: (facts: ServerFacts, address: string) => string
}

const markDigits = 16
const lineageDigits = 32

/**
 * What the data of a replica rests on, taken together: every server that holds a part of it, by an identity that changes
 * when it may have lost writes, and random marks among the data, which go when the data goes.
 */
export async function tellLineage(settings: LineageSettings, call: RedisCall): Promise<ToldLineage> {
  const { routes } = settings
  const links = await routes.masters(call)
  await Promise.all(links.map((link) => identifyAnew(link, settings, call)))
  const marks = await keyspaceMarks(settings, call)
  const servers = new Map<string, ToldServer>()
  for (const { name, identity } of links) {
    servers.set(name, { identity, mark: marks.find(({ key }) => routes.nameFor(key) === name) ?? null })
  }
  const identities = links.map(({ identity }) => identity).sort()
  const evidence = JSON.stringify([marks.map(({ text }) => text), identities])
  return new ToldLineage(createHash('sha256').update(evidence).digest('hex').slice(0, lineageDigits), servers)
}

/** A server may have turned its append-only file on or off since the connection was made. */
async function identifyAnew(link: RedisLink, settings: LineageSettings, call: RedisCall): Promise<void> {
  const replies = await link.send(factsCommands(settings.factsNeeded), call)
  const refused = replies.find((reply) => link.isError(reply))
  if (link.isError(refused)) throw settings.failures.ofReply(refused)
  const facts = readFacts(replies, settings.factsNeeded)
  if (facts === null || unfitReason(facts) !== null) throw settings.failures.corrupt(noFacts)
  link.identity = settings.identify(facts, link.address)
}

async function keyspaceMarks(settings: LineageSettings, call: RedisCall): Promise<KeyspaceMark[]> {
  const { routes, random, failures } = settings
  const read = new MarkBatch(routes.markKeys, null, failures)
  await routes.perform(read, call)
  const missing = read.keys.filter((_, index) => read.texts[index] === null)
  const made = new MarkBatch(missing, random, failures)
  if (missing.length > 0) await routes.perform(made, call)
  const texts = new Map([...entriesOf(read), ...entriesOf(made)])
  return read.keys.map((key) => ({ key, text: texts.get(key) ?? '' }))
}

function entriesOf({ keys, texts }: MarkBatch): [string, string | null][] {
  return keys.map((key, index) => [key, texts[index] ?? null])
}

/** Reads marks; with a source of chance, makes them first where they are missing. Whoever makes one first decides. */
class MarkBatch implements RedisBatch {
  readonly keys: readonly string[]
  readonly changes: boolean
  readonly texts: (string | null)[]
  readonly #random: Random | null
  readonly #failures: RedisFailures

  constructor(keys: readonly string[], random: Random | null, failures: RedisFailures) {
    this.keys = keys
    this.changes = random !== null
    this.texts = new Array(keys.length).fill(null)
    this.#random = random
    this.#failures = failures
  }

  requests(indexes: readonly number[]): RedisRequest[] {
    return indexes.map((index) => {
      const key = this.keys[index] ?? ''
      const make = this.#random === null ? [] : [{ args: ['SET', key, this.#random.hex(markDigits), 'NX'] }]
      return { indexes: [index], commands: [...make, { args: ['GET', key] }] }
    })
  }

  accept({ indexes: [index = 0] }: RedisRequest, reply: unknown): void {
    const isThere = typeof reply === 'string'
    // What was not there has just been made.
    const isToBeMade = reply === null && !this.changes
    if (!isThere && !isToBeMade) throw this.#failures.corrupt('a mark was answered with something else')
    this.texts[index] = isThere ? reply : null
  }
}
