/** What a server tells of itself. */
export interface ServerFacts {
  /** Random, made anew whenever the server process starts. */
  readonly runId: string
  /** As in `7.0.15`. */
  readonly version: string
  readonly isMaster: boolean
  readonly isLoading: boolean
  readonly isAppendOnly: boolean
  /** Whether every write is on disk before it is acknowledged; only asked for when it matters, and false otherwise. */
  readonly isFsyncAlways: boolean
  /** The replication id of the master that it replaced, when it was promoted since it started; empty otherwise. */
  readonly promotedFrom: string
  /** Of a node of a cluster, the same after a restart; empty otherwise. */
  readonly nodeId: string
}

export interface FactsNeeded {
  readonly nodeId: boolean
  readonly fsync: boolean
}

/** Servers as old as this have all the commands that are used. */
const versionMin = [6, 2] as const

export function factsCommands(needed: FactsNeeded): string[][] {
  return [
    ['INFO', 'server'],
    ['INFO', 'persistence'],
    ['INFO', 'replication'],
    ...(needed.nodeId ? [['CLUSTER', 'MYID']] : []),
    ...(needed.fsync ? [['CONFIG', 'GET', 'appendfsync']] : []),
  ]
}

export const noFacts = 'it answered with something else when it was asked who it is'

/**
 * Null where a reply is of another kind, from which nothing can be told.
 * @param replies to {@link factsCommands}, in their order
 */
export function readFacts(replies: readonly unknown[], needed: FactsNeeded): ServerFacts | null {
  const information = replies.slice(0, 3)
  const more = replies.slice(3)
  const nodeId = needed.nodeId ? more.shift() : ''
  const setting = needed.fsync ? more.shift() : []
  if (![...information, nodeId].every((reply) => typeof reply === 'string') || !Array.isArray(setting)) return null
  const fields = infoFields(information.join('\r\n'))
  const [, appendfsync] = setting
  return {
    runId: fields.get('run_id') ?? '',
    version: fields.get('redis_version') ?? '',
    isMaster: fields.get('role') === 'master',
    isLoading: fields.get('loading') === '1' || fields.get('async_loading') === '1',
    isAppendOnly: fields.get('aof_enabled') === '1',
    isFsyncAlways: appendfsync === 'always',
    promotedFrom: Number(fields.get('second_repl_offset') ?? -1) < 0 ? '' : (fields.get('master_replid2') ?? ''),
    nodeId: String(nodeId),
  }
}

/** What keeps a replica from ever using the server; null when nothing does. */
export function unfitReason({ runId, version }: ServerFacts): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < versionMin[0] || (major === versionMin[0] && minor < versionMin[1])
  if (isOld)
    return `the server is Redis ${version || '(version unknown)'}, and ${versionMin.join('.')} or later is needed`
  return runId === '' ? 'the server does not tell its run_id in INFO' : null
}

function infoFields(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1))
  }
  return fields
}
