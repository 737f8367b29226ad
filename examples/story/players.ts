import { keyText, namespacePrefix } from '../../src/core/key.ts'
import { isCorrupt, type VersionedRecord } from '../../src/core/record.ts'
import { ReplicaError } from '../../src/index.ts'
import type { Replica } from '../../src/replica.ts'
import { type SwitchableReplica, switchableReplica } from './switchable-replica.ts'
import type { Witness } from './witness.ts'

/** One replica on the stage of the story. */
export interface Player {
  readonly name: string
  /** As it was opened: what the story reads past the store, whether the replica is on or off. */
  readonly real: Replica
  /** What the store is given: the real one behind its switch, watched. */
  readonly staged: Replica
  readonly power: SwitchableReplica
  /** Where it keeps its records, for people. */
  readonly place: string
  /** The file, when it is a SQLite one that plain SQL can be asked of. */
  readonly sqliteFile: string | null
  /** Takes away all that it holds; null where that is not the story's to take. */
  readonly loseEverything: (() => void) | null
}

const peekTimeoutMs = 5_000

export function stagePlayer(
  number: number,
  real: Replica,
  where: Pick<Player, 'place' | 'sqliteFile'> & Partial<Pick<Player, 'loseEverything'>>,
  witness: Witness,
): Player {
  const power = switchableReplica(real)
  return { name: `replica ${number}`, real, staged: witness.watch(power), power, loseEverything: null, ...where }
}

/**
 * What a replica physically holds for some keys of a namespace, asked past the store and its switch.
 * @throws ReplicaError also when it holds something unreadable
 */
export async function peek(
  player: Player,
  namespace: string,
  keys: readonly string[],
): Promise<(VersionedRecord | null)[]> {
  const prefix = namespacePrefix(namespace)
  const texts = keys.map((key) => keyText(prefix, key))
  const answers = await player.real.getMany(texts, { timeoutMs: peekTimeoutMs })
  return answers.map((answer) => {
    if (isCorrupt(answer)) throw new ReplicaError('CORRUPT', answer.reason, { replica: player.real.id })
    return answer
  })
}

/** Removes the keys for good, tombstones included: nothing of the story stays behind. */
export async function purge(player: Player, namespace: string, keys: readonly string[]): Promise<void> {
  const records = await peek(player, namespace, keys)
  const heads = records.filter((record) => record !== null)
  if (heads.length > 0) await player.real.purgeMany(heads, { timeoutMs: peekTimeoutMs })
}

export function atStart(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `replica 2`, `replicas 2 and 5`, `replicas 2, 3 and 5`. */
export function namesOf(players: readonly Player[]): string {
  const numbers = players.map(({ name }) => name.replace('replica ', ''))
  const last = numbers.pop() ?? 'none'
  return numbers.length === 0 ? `replica ${last}` : `replicas ${numbers.join(', ')} and ${last}`
}
