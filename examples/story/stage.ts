import type { Claims } from './claims.ts'
import type { Narrator } from './narrator.ts'
import type { Player } from './players.ts'
import type { VersionNumbers } from './version-numbers.ts'
import type { Witness } from './witness.ts'

/** What every part of the story works with. */
export interface Stage {
  readonly narrator: Narrator
  readonly claims: Claims
  readonly witness: Witness
  readonly numbers: VersionNumbers
  readonly players: readonly Player[]
  /** Whether the replicas are the story's own. Those of others may hold other data, which no sweep is to spread. */
  readonly ownsReplicas: boolean
  /** Of the story's own, new each time: other data in the same replicas is left alone. */
  readonly namespace: string
}
