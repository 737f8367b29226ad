import { describe, expect, it } from 'vitest'
import type { PutOutcome } from '../../src/replica.ts'
import { numberedKeys, putsOf, valueAt, versionAt } from '../conformance/samples.ts'
import { RemoteReplica } from './sqlite-support/remote-replica.ts'
import { useScratch } from './sqlite-support/scratch.ts'

const scratch = useScratch()
const keys = numberedKeys(20)
const roundsPerProcess = 25

/** Step of the version: every process is ahead of the others on some keys and behind on others. */
function stepOf(writer: number, round: number, keyIndex: number): number {
  return 1 + round * 10 + ((writer * 7 + keyIndex * 3 + round) % 30)
}

describe('processes that share a file', () => {
  it('lose no acknowledged write when 8 put conflicting records, and some are killed meanwhile', async () => {
    const path = scratch.newPath()
    // All meet a file that does not exist yet.
    const remotes = await Promise.all(Array.from({ length: 8 }, () => RemoteReplica.start(path)))
    const acknowledged = new Map<string, string>()
    try {
      const writers = remotes.map((remote, index) => write(remote, index + 1, acknowledged))
      await Promise.all(writers)
    } finally {
      for (const remote of remotes) await remote[Symbol.asyncDispose]()
    }

    const held = await scratch.open(path).getMany(keys, { timeoutMs: 30_000 })
    for (const [index, record] of held.entries()) {
      const key = keys[index] as string
      expect(record).toMatchObject({ key, kind: 'value' })
      const version = record !== null && record.kind !== 'corrupt' ? record.version : ''
      expect(version >= (acknowledged.get(key) ?? '')).toBe(true)
    }
    expect(acknowledged.size).toBe(keys.length)
  })
})

async function write(remote: RemoteReplica, writer: number, acknowledged: Map<string, string>): Promise<void> {
  for (let round = 0; round < roundsPerProcess; round += 1) {
    const records = keys.map((key, index) => {
      const version = versionAt(stepOf(writer, round, index), writer)
      return { ...valueAt(1, key, `${writer} ${round}`), version }
    })
    const isLast = writer <= 3 && round === roundsPerProcess - 5
    const putting = remote.putManyIfNewer(putsOf(...records))
    if (isLast) {
      remote.process.kill('SIGKILL')
      await putting.catch(() => {})
      return
    }
    for (const [index, outcome] of (await putting).entries())
      note(keys[index] as string, outcome, acknowledged, records[index]?.version ?? '')
  }
}

/** Whatever the outcome, it says that the replica holds this version or a newer one. */
function note(key: string, outcome: PutOutcome, acknowledged: Map<string, string>, version: string): void {
  const held = outcome.status === 'superseded' ? outcome.by.version : version
  if (held > (acknowledged.get(key) ?? '')) acknowledged.set(key, held)
}
