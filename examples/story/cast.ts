import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openReplica } from '../../adapters/open.ts'
import { sqliteReplica } from '../../adapters/sqlite/sqlite-replica.ts'
import { ReplicaError } from '../../src/index.ts'
import type { Replica } from '../../src/replica.ts'
import { UsageError } from './command-line.ts'
import { losableMemory } from './losable-memory.ts'
import { type Player, stagePlayer } from './players.ts'
import type { Witness } from './witness.ts'

/** The five replicas of the story, opened once; whoever has a cast closes it. */
export interface Cast {
  readonly players: readonly Player[]
  /** Where the embedded SQLite files are; null when the replicas were given. */
  readonly folder: string | null
}

/** A replica cannot be asked anything: said before the story begins. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

export const playersCount = 5
const firstContactMs = 5_000
const sqliteScheme = 'sqlite://'

/**
 * Replicas that need no server: SQLite files in a new temporary folder, and memory.
 */
export async function embeddedCast(witness: Witness): Promise<Cast> {
  const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-story-'))
  const onFile = (number: number): Player => {
    const sqliteFile = join(folder, `replica-${number}.db`)
    const replica = sqliteReplica({ path: sqliteFile }, { id: `replica-${number}` })
    return stagePlayer(number, replica, { place: `SQLite, ${sqliteFile}`, sqliteFile }, witness)
  }
  return { players: [onFile(1), inMemory(2, witness), onFile(3), onFile(4), inMemory(5, witness)], folder }
}

/**
 * The replicas of the given URIs, the first five of them, and memory in place of those that are missing.
 * @throws ConfigError for a URI that names no replica
 */
export function givenCast(uris: readonly string[], witness: Witness): Cast {
  const players: Player[] = []
  try {
    for (const [index, uri] of uris.slice(0, playersCount).entries()) {
      const replica = openReplica(uri, `replicas[${index}]`)
      players.push(stagePlayer(index + 1, replica, whereIs(uri, replica), witness))
    }
  } catch (error) {
    void closeCast({ players, folder: null })
    throw error
  }
  while (players.length < playersCount) players.push(inMemory(players.length + 1, witness))
  return { players, folder: null }
}

/** @throws UsageError when two of the replicas are one and the same */
export function assertDistinct({ players }: Cast): void {
  const names = new Map<string, string>()
  for (const { name, real } of players) {
    const earlier = names.get(real.id)
    if (earlier !== undefined) throw new UsageError(`${name} and ${earlier} are the same replica: ${real.id}`)
    names.set(real.id, name)
  }
}

/** @throws UnreachableError that names every replica that gives no sign of life, and why */
export async function assertReachable({ players }: Cast): Promise<void> {
  const contacts = await Promise.allSettled(players.map(({ real }) => real.lineage({ timeoutMs: firstContactMs })))
  const faults = contacts.flatMap((contact, index) => {
    const player = players[index]
    if (contact.status === 'fulfilled' || player === undefined) return []
    return [`${player.name} (${player.place}) cannot be reached: ${reasonOf(contact.reason)}`]
  })
  if (faults.length > 0) throw new UnreachableError(faults.join('\n'))
}

export async function closeCast({ players }: Cast): Promise<void> {
  await Promise.allSettled(players.map(({ real }) => real.close()))
}

function inMemory(number: number, witness: Witness): Player {
  const { replica, loseEverything } = losableMemory(`replica-${number}`)
  return stagePlayer(number, replica, { place: 'memory of this process', sqliteFile: null, loseEverything }, witness)
}

/** The id of a replica names its address without a password; the URI may hold one. */
function whereIs(uri: string, replica: Replica): Pick<Player, 'place' | 'sqliteFile'> {
  const isFile = replica.guarantees.backend === 'sqlite' && replica.guarantees.sharedBy !== 'process'
  return { place: replica.id, sqliteFile: isFile ? uri.slice(sqliteScheme.length) : null }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ReplicaError)) return String(error)
  const { cause } = error
  return cause instanceof Error && !error.reason.includes(cause.message)
    ? `${error.reason}: ${cause.message}`
    : error.reason
}
