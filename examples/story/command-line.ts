import { parseArgs } from 'node:util'

export interface CommandLine {
  readonly help: boolean
  /** End when the story is told. It always does. */
  readonly once: boolean
  /** Empty: the story brings replicas of its own. */
  readonly replicas: readonly string[]
}

/** The command was not understood; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const replicasMin = 3

export const helpText = `The story of leaderless replication, told live by the real store.

  npm start                          replicas of its own: SQLite files in a
                                     temporary folder, and memory; no server
  npm start -- --replica URI --replica URI --replica URI
                                     the same story over your servers

You see a replica go down and nobody wait for it, a read notice that the
replica is stale and mend it, five replicas work with two of them missing,
the error that a caller gets when one too many is gone, and, with replicas of
its own, one that lost everything and is filled again. Everything that is
said is checked while it is told.

  --replica URI   A replica of yours; repeat it, three times at least. The
                  first three play parts 1 and 2, the first five parts 3 and
                  4; memory stands in for a fourth and fifth.
                    redis://localhost:6379
                    postgres://user:password@localhost:5432/app
                    sqlite:///var/lib/app/cache.db
                    memory://
  --once          End when the story is told.
  --help          This text.

Your data is safe: the story writes four keys in a namespace of its own, and
removes them when it ends. PostgreSQL and SQLite get a table keyv_quorum if
they have none, Redis one key that tells its lineage. Your servers are not
stopped: a replica that is down in the story is one whose calls fail on this
side.

Exit code: 0 the story went as told, 1 it did not or a replica could not be
reached, 2 the command was not understood.
`

/** @throws UsageError */
export function readCommandLine(given: readonly string[]): CommandLine {
  const { help, once, replica: replicas } = parse(given)
  if (!help && replicas.length > 0 && replicas.length < replicasMin) {
    throw new UsageError(`the story needs ${replicasMin} replicas or none at all, and got ${replicas.length}`)
  }
  return { help, once, replicas }
}

function parse(given: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        once: { type: 'boolean', default: false },
        replica: { type: 'string', multiple: true, default: [] },
      },
    })
    return values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
