import { slotCount } from './key-slot.ts'
import { addressText, mappedAddress, type RedisAddress, type RedisAddressMap } from './redis-target.ts'

/** Which master holds each slot, by its address. */
export class SlotTable {
  readonly #names = new Array<string | undefined>(slotCount)
  readonly #addresses = new Map<string, RedisAddress>()

  nameAt(slot: number): string | undefined {
    return this.#names[slot]
  }

  addressOf(name: string): RedisAddress | undefined {
    return this.#addresses.get(name)
  }

  get names(): string[] {
    return [...new Set(this.#names.filter((name) => name !== undefined))]
  }

  get isWhole(): boolean {
    // Not `some`: it passes over what was never set.
    for (let slot = 0; slot < slotCount; slot += 1) if (this.#names[slot] === undefined) return false
    return true
  }

  set(first: number, last: number, address: RedisAddress): void {
    const name = addressText(address)
    this.#addresses.set(name, address)
    this.#names.fill(name, first, last + 1)
  }
}

export interface SlotTableContext {
  /** Whom we asked: a node that does not know its own address means this one. */
  readonly asked: RedisAddress
  readonly addressMap: RedisAddressMap | undefined
}

/** Reads the reply to `CLUSTER SLOTS`: ranges, each with its master first; null when it is something else. */
export function readSlotTable(reply: unknown, context: SlotTableContext): SlotTable | null {
  if (!Array.isArray(reply) || reply.length > slotCount) return null
  const table = new SlotTable()
  for (const range of reply) {
    const [first, last, master] = Array.isArray(range) ? range : []
    const [host, port] = Array.isArray(master) ? master : []
    if (!isSlot(first) || !isSlot(last) || !isPort(port) || (typeof host !== 'string' && host !== null)) return null
    // Null is what a node tells that knows no address of its own.
    table.set(first, last, nodeAddress(host ?? '', port, context))
  }
  return table
}

export interface Redirection {
  readonly kind: 'MOVED' | 'ASK'
  readonly slot: number
  readonly address: RedisAddress
}

/** Reads `MOVED 3999 127.0.0.1:6381`; null when the error is no redirection. */
export function readRedirection(error: Error, context: SlotTableContext): Redirection | null {
  const [, kind, slot, host = '', port] = /^(MOVED|ASK) (\d+) (.*):(\d+)$/.exec(error.message) ?? []
  if ((kind !== 'MOVED' && kind !== 'ASK') || !isSlot(Number(slot)) || !isPort(Number(port))) return null
  return { kind, slot: Number(slot), address: nodeAddress(host, Number(port), context) }
}

/**
 * The slots of the node that answered `CLUSTER NODES`, as ranges and, in brackets, those on their way in or out; null
 * when the reply does not tell.
 */
export function readOwnSlots(reply: unknown): string | null {
  if (typeof reply !== 'string') return null
  const line = reply.split('\n').find((each) => /^\S+ \S+ (?:\S*,)?myself(?:,\S*)? /.test(each))
  return line === undefined ? null : line.split(' ').slice(8).join(' ')
}

function isSlot(slot: unknown): slot is number {
  return Number.isInteger(slot) && Number(slot) >= 0 && Number(slot) < slotCount
}

const portMax = 65_535

function isPort(port: unknown): port is number {
  return Number.isInteger(port) && Number(port) >= 0 && Number(port) <= portMax
}

function nodeAddress(host: string, port: number, { asked, addressMap }: SlotTableContext): RedisAddress {
  return mappedAddress({ host: host === '' || host === '?' ? asked.host : host, port }, addressMap)
}
