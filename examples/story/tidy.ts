import type { Cast } from './cast.ts'
import { storyKeys } from './parts/closing.ts'
import { type Player, peek, purge } from './players.ts'

/**
 * Leaves replicas of others as they were found; the story's own files stay for whoever wants to look. Never rejects.
 * @returns what there is to say about it
 */
export async function tidy({ players, folder }: Cast, namespace: string): Promise<readonly string[]> {
  if (folder !== null) return [`The SQLite files stay for you to look at. To remove them:\n  rm -r ${folder}`]
  const remains = await Promise.all(players.map((player) => purgeFrom(player, namespace)))
  const faults = remains.filter((fault) => fault !== null)
  return faults.length > 0 ? faults : ["The story's keys were removed again from all replicas."]
}

async function purgeFrom(player: Player, namespace: string): Promise<string | null> {
  const leftover = `Keys that start with ${namespace}: may remain at ${player.name} (${player.place})`
  try {
    await purge(player, namespace, storyKeys)
    const held = await peek(player, namespace, storyKeys)
    return held.every((record) => record === null) ? null : `${leftover}.`
  } catch (error) {
    return `${leftover}: ${error instanceof Error ? error.message : String(error)}`
  }
}
