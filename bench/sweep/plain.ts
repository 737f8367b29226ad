import { wholeRange } from '../../src/core/hash.ts'
import type { Replica } from '../../src/replica.ts'
import { isOurs } from './deployment.ts'

const listing = { pageTimeoutMs: 30_000, pageKeysMax: 1_000 } as const

/**
 * The plain way to find what differs: every replica lists all its keys with their versions, and they are compared here.
 * @returns how many keys are not the same on all
 */
export async function comparePlainly(replicas: readonly Replica[]): Promise<number> {
  const compared = new Map<string, Compared>()
  await Promise.all(replicas.map((replica) => addListed(compared, replica)))
  const all = [...compared.values()]
  return all.filter(({ holders, isOdd }) => isOdd || holders < replicas.length).length
}

interface Compared {
  readonly version: string
  holders: number
  isOdd: boolean
}

async function addListed(compared: Map<string, Compared>, replica: Replica): Promise<void> {
  for await (const page of replica.scan(wholeRange, listing)) {
    for (const { key, version } of page) if (isOurs(key)) addOne(compared, key, version)
  }
}

function addOne(compared: Map<string, Compared>, key: string, version: string): void {
  const known = compared.get(key)
  if (known === undefined) {
    compared.set(key, { version, holders: 1, isOdd: false })
    return
  }
  known.holders += 1
  known.isOdd ||= known.version !== version
}
