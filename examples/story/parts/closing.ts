import { DatabaseSync } from 'node:sqlite'
import type { VersionedRecord } from '../../../src/core/record.ts'
import { decodePayload } from '../../../src/payload.ts'
import { type Player, peek } from '../players.ts'
import type { Stage } from '../stage.ts'

export const storyKeys = ['ada', 'bob', 'cid', 'dee'] as const

const header = ['key', 'version', 'kind', 'expires ', 'value']

/** What every replica physically holds, asked past the store; and of one SQLite file, by plain SQL. */
export async function tellWhatIsHeld(stage: Stage): Promise<void> {
  const { narrator, players, ownsReplicas, namespace } = stage
  await narrator.chapter(`${ownsReplicas ? 6 : 5}. What each replica holds now`)
  await narrator.say(
    ownsReplicas
      ? 'Read straight from the replicas, past the store: they are identical.'
      : 'Read straight from the replicas, past the store. Where two replicas hold a key, they hold the same version. ' +
          'One that lacks a key came later, and no read has noticed since: no sweep was let loose on your replicas.',
  )
  const held = await Promise.all(players.map((player) => peek(player, namespace, storyKeys)))
  for (const [index, player] of players.entries()) {
    const records = (held[index] ?? []).filter((record) => record !== null)
    narrator.line(`${narrator.paint('good', player.name)}   ${player.place}`)
    await narrator.table(header, records.map(rowOf))
  }
  checkTables(stage, held)

  const onFile =
    players.find((player) => player.sqliteFile !== null && player.name === 'replica 3') ??
    players.find((player) => player.sqliteFile !== null)
  if (onFile !== undefined) await tellSql(stage, onFile)
}

function checkTables({ claims, ownsReplicas }: Stage, held: readonly (readonly (VersionedRecord | null)[])[]): void {
  const [first = []] = held
  for (const [column, key] of storyKeys.entries()) {
    const versions = held.map((records) => records[column]?.version ?? 'none')
    const others = versions.filter((version) => version !== first[column]?.version)
    const areSame = others.every((version) => version === 'none' && !ownsReplicas)
    claims.check(areSame, `all replicas that hold ${key} hold the same version of it`)
  }
}

function rowOf({ key, version, kind, expiresAtMs, payload }: VersionedRecord): string[] {
  const expires = expiresAtMs === null ? 'never' : new Date(expiresAtMs).toLocaleTimeString('en-GB')
  return [key, version, kind, expires, kind === 'tombstone' ? '' : valueIn(payload)]
}

/** Keyv hands the store its value wrapped in JSON. */
function valueIn(payload: string): string {
  const wrapped: { readonly value?: unknown } = JSON.parse(String(decodePayload(payload)))
  return JSON.stringify(wrapped.value)
}

async function tellSql({ narrator, claims, namespace }: Stage, player: Player): Promise<void> {
  if (player.sqliteFile === null) return
  const sql = ['SELECT key, kind, payload FROM keyv_quorum', `WHERE key LIKE '${namespace}:%' ORDER BY key`]
  const database = new DatabaseSync(player.sqliteFile, { readOnly: true })
  const rows = database.prepare(sql.join(' ')).all()
  database.close()
  claims.check(rows.length > 0, 'plain SQL finds the records in the file')
  await narrator.say(`And no magic: this is the SQLite file of ${player.name}, asked with plain SQL.`)
  const command = [`sqlite3 ${player.sqliteFile} \\`, `  "${sql[0]}`, `   ${sql[1]}"`]
  await narrator.show(command.map((line) => narrator.paint('code', line)))
  await narrator.table(
    ['key', 'kind', 'payload'],
    rows.map(({ key, kind, payload }) => [String(key), String(kind), String(payload)]),
  )
}
