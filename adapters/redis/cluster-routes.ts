import { ReplicaError } from '../../src/errors.ts'
import type { ClusterMap } from './cluster-map.ts'
import { readOwnSlots, readRedirection } from './cluster-slots.ts'
import { exchange, type RedisRequest } from './exchange.ts'
import { hashTag, keySlot, slotCount } from './key-slot.ts'
import { allIndexes, type RedisBatch } from './redis-batch.ts'
import type { RedisCall } from './redis-call.ts'
import { firstWord, type RedisFailures } from './redis-failures.ts'
import type { RedisLink } from './redis-link.ts'
import type { RedisRoutes } from './redis-routes.ts'
import type { StoredKeys } from './stored-keys.ts'

/** Entries of a batch whose keys share a slot, and the node to send them to. */
interface Portion {
  readonly indexes: readonly number[]
  readonly name: string
  /** The node is only about to take the slot over, and must be told that we know. */
  readonly isAsking: boolean
}

/** How often one call follows its keys from node to node before it gives up. */
const redirectionsMax = 8
/** Enough that every master of a cluster of dozens holds one. */
const marksPerCluster = 256

/** A Redis Cluster: a batch is cut by slots, as the server demands of scripts, and goes out in one write per node. */
export class ClusterRoutes implements RedisRoutes {
  readonly markKeys: readonly string[]
  readonly isOneSlot: boolean
  readonly #map: ClusterMap
  readonly #failures: RedisFailures
  /** Where the key prefix has a hash tag, the slot of all keys. */
  readonly #onlySlot: number | null

  constructor(map: ClusterMap, stored: StoredKeys, failures: RedisFailures) {
    this.#map = map
    this.#failures = failures
    const tag = hashTag(stored.prefix)
    this.#onlySlot = tag === null ? null : keySlot(tag)
    this.isOneSlot = tag !== null
    this.markKeys = allIndexes(tag === null ? marksPerCluster : 1).map((place) => stored.markKey(place))
  }

  async perform(batch: RedisBatch, call: RedisCall): Promise<void> {
    const progress = { requestsAccepted: 0 }
    try {
      let portions = await this.#portionsOf(batch, call)
      for (let round = 0; portions.length > 0; round += 1) {
        if (round > redirectionsMax) throw this.#failures.unavailable('the cluster redirects without end')
        const sendings = await this.#sendings(batch, portions, call)
        portions = await allOf(sendings.map((sending) => this.#send(batch, sending, call, progress)))
      }
    } catch (error) {
      this.#map.distrust()
      const isPartDone = batch.changes && progress.requestsAccepted > 0
      if (!isPartDone || !isUnavailable(error)) throw error
      throw this.#failures.timeout(`part of the batch is done: ${error.reason}`, error.cause)
    }
  }

  async masters(call: RedisCall): Promise<readonly RedisLink[]> {
    this.#map.distrust()
    const table = await this.#map.table(call)
    if (this.#onlySlot === null && !table.isWhole) throw this.#failures.unavailable('not all slots are served')
    const names = this.#onlySlot === null ? table.names : [this.#map.nameAt(this.#onlySlot)]
    return this.#links(names, call)
  }

  async linkTo(name: string, call: RedisCall): Promise<RedisLink> {
    return this.#map.connection(name).link(call)
  }

  async layout(call: RedisCall): Promise<string> {
    const links = await this.masters(call)
    const claims = await Promise.all(links.map((link) => this.#ownSlots(link, call)))
    if (claims.some((claim) => claim.includes('['))) throw this.#failures.unavailable('slots are being moved')
    if (this.#onlySlot === null && claims.reduce((sum, claim) => sum + countSlots(claim), 0) !== slotCount) {
      throw this.#failures.unavailable('the nodes do not agree on who holds which slot')
    }
    return links.map((link, place) => `${link.name} ${claims[place]}`).join('\n')
  }

  nameFor(key: string): string | undefined {
    return this.#map.nameIfKnown(this.#slotOf(key))
  }

  shut(): void {
    this.#map.shut()
  }

  close(): void {
    this.#map.close()
  }

  #slotOf(key: string): number {
    return this.#onlySlot ?? keySlot(key)
  }

  async #portionsOf(batch: RedisBatch, call: RedisCall): Promise<Portion[]> {
    await this.#map.table(call)
    const bySlot = new Map<number, number[]>()
    for (let index = 0; index < batch.keys.length; index += 1) {
      const slot = this.#slotOf(batch.keys[index] ?? '')
      const indexes = bySlot.get(slot)
      if (indexes === undefined) bySlot.set(slot, [index])
      else indexes.push(index)
    }
    return Array.from(bySlot, ([slot, indexes]) => ({ indexes, name: this.#map.nameAt(slot), isAsking: false }))
  }

  /** Nothing is sent before all nodes are reached, so that a batch fails whole where it can. */
  async #sendings(batch: RedisBatch, portions: readonly Portion[], call: RedisCall): Promise<Sending[]> {
    const byName = Map.groupBy(portions, ({ name }) => name)
    const links = await this.#links([...byName.keys()], call)
    return links.map((link) => sendingOf(batch, link, byName.get(link.name) ?? []))
  }

  #links(names: readonly string[], call: RedisCall): Promise<RedisLink[]> {
    return Promise.all(names.map((name) => this.linkTo(name, call)))
  }

  /** @returns what has to go elsewhere */
  async #send(batch: RedisBatch, { link, requests }: Sending, call: RedisCall, progress: Progress): Promise<Portion[]> {
    const answers = await exchange({ link, call, failures: this.#failures, changes: batch.changes }, requests)
    const elsewhere: Portion[] = []
    const refused: [RedisRequest, Error][] = []
    for (const [place, request] of requests.entries()) {
      const answer = answers[place]
      if (link.isError(answer)) refused.push([request, answer])
      else {
        batch.accept(request, answer)
        progress.requestsAccepted += 1
      }
    }
    for (const [request, error] of refused) elsewhere.push(...this.#redirected(link, request, error))
    return elsewhere
  }

  #redirected(link: RedisLink, { indexes }: RedisRequest, error: Error): Portion[] {
    // Some of the keys have moved already: one by one, each is either here or there.
    if (firstWord(error) === 'TRYAGAIN' && indexes.length > 1) {
      return indexes.map((index) => ({ indexes: [index], name: link.name, isAsking: false }))
    }
    const redirection = readRedirection(error, this.#map.contextOf(link.name))
    if (redirection === null) throw this.#failures.ofReply(error)
    return [{ indexes, name: this.#map.follow(redirection), isAsking: redirection.kind === 'ASK' }]
  }

  async #ownSlots(link: RedisLink, call: RedisCall): Promise<string> {
    const [reply] = await link.send([['CLUSTER', 'NODES']], call)
    if (link.isError(reply)) throw this.#failures.ofReply(reply)
    const slots = readOwnSlots(reply)
    if (slots === null) throw this.#failures.corrupt('CLUSTER NODES does not tell which node answered')
    return slots
  }
}

interface Progress {
  requestsAccepted: number
}

interface Sending {
  readonly link: RedisLink
  readonly requests: readonly RedisRequest[]
}

function sendingOf(batch: RedisBatch, link: RedisLink, portions: readonly Portion[]): Sending {
  const requests = portions.flatMap(({ indexes, isAsking }) => {
    const plain = batch.requests(indexes, true)
    return isAsking ? plain.map(asking) : plain
  })
  return { link, requests }
}

function asking({ indexes, commands }: RedisRequest): RedisRequest {
  return { indexes, commands: commands.flatMap((command) => [{ args: ['ASKING'] }, command]) }
}

/** Waits for all, so that it is known what was done; then rejects if one did, with one that leaves the outcome open first. */
async function allOf<Item>(promises: readonly Promise<Item[]>[]): Promise<Item[]> {
  const results = await Promise.allSettled(promises)
  const reasons = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown)
  if (reasons.length > 0) throw reasons.find((reason) => !isUnavailable(reason)) ?? reasons[0]
  return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
}

function isUnavailable(error: unknown): error is ReplicaError {
  return error instanceof ReplicaError && error.code === 'UNAVAILABLE'
}

/** Of ranges such as `0-5460 6000`. */
function countSlots(ranges: string): number {
  let count = 0
  for (const range of ranges.split(' ').filter((each) => each !== '')) {
    const [first = 0, last = first] = range.split('-').map(Number)
    count += last - first + 1
  }
  return count
}
