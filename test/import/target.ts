import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { keyText, namespacePrefix } from '../../src/core/key.ts'
import { newValue } from '../../src/core/record.ts'
import { compareStamps } from '../../src/core/resolve.ts'
import type { ImportedRecord, ImportTarget } from '../../src/import/import-target.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'

const call = { timeoutMs: 5_000 }

export interface OpenTarget extends ImportTarget {
  readonly store: KeyvQuorum
}

/** A store over three memory replicas, and an import into it. */
export function openTarget(): OpenTarget {
  const replicas = ['a', 'b', 'c'].map((id) => memoryReplica({ id }))
  const newest = async (key: string) => {
    const answers = await Promise.all(replicas.map((replica) => replica.getVersions([key], call)))
    const heads = answers.flat().flatMap((head) => (head === null || head.kind === 'corrupt' ? [] : [head]))
    return heads.sort(compareStamps).at(-1) ?? null
  }
  const put = async ({ key, version, payload, expiresAtMs }: ImportedRecord) => {
    const record = newValue(key, version, payload, expiresAtMs)
    const outcomes = await Promise.all(replicas.map((replica) => replica.putManyIfNewer([{ record }], call)))
    return outcomes.flat().some(({ status }) => status === 'superseded') ? 'kept' : 'imported'
  }
  return {
    store: new KeyvQuorum(replicas),
    withNamespace: (namespace) => ({
      explain: async (key) => ({ winner: await newest(keyText(namespacePrefix(namespace), key)) }),
    }),
    putImported: (records) => Promise.all(records.map(put)),
  }
}
