import type { History, Operation } from '../../test/history/history.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'

interface Shape {
  readonly operations: number
  readonly keys: number
  /** Each does one operation after the other. */
  readonly clients: number
  /** How many of the writes have an unknown outcome: half of them are done, half not. */
  readonly unknownShare: number
}

/** A history as a correct store would give it: each operation happens at one moment within the time that it takes. */
export function linearizableHistory({ operations, keys, clients, unknownShare }: Shape): History {
  const random = seededRandom(1)
  const freeAt = new Array<number>(clients).fill(0)
  const planned = Array.from({ length: operations }, (_, count) => {
    const client = count % clients
    const invokedAt = (freeAt[client] ?? 0) + random.fraction()
    const happensAt = invokedAt + random.fraction() * 10
    const returnedAt = happensAt + random.fraction() * 10
    freeAt[client] = returnedAt
    const key = `k${count % keys}`
    return { client, key, invokedAt, happensAt, returnedAt, chance: random.fraction(), fate: random.fraction() }
  })
  const held = new Map<string, string | null>()
  const happened = planned
    .toSorted((a, b) => a.happensAt - b.happensAt)
    .map(({ client, key, invokedAt, returnedAt, chance, fate }, count): Omit<Operation, 'index'> => {
      const kind = kindFor(chance)
      const written = kind === 'set' ? `x${count}` : null
      const isUnknown = kind !== 'get' && fate < unknownShare
      const value = kind === 'get' ? (held.get(key) ?? null) : written
      if (kind !== 'get' && (!isUnknown || fate < unknownShare / 2)) held.set(key, written)
      const outcome = isUnknown ? 'unknown' : 'ok'
      return { client: `c${client}`, kind, key, value, expiresAtMs: null, invokedAt, returnedAt, outcome }
    })
  const inOrder = happened.toSorted((a, b) => a.invokedAt - b.invokedAt)
  return { operations: inOrder.map((operation, index) => ({ index, ...operation })) }
}

function kindFor(chance: number): 'get' | 'set' | 'delete' {
  if (chance < 0.5) return 'get'
  return chance < 0.9 ? 'set' : 'delete'
}
