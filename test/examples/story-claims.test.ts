import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import type { Cast } from '../../examples/story/cast.ts'
import { StoryError } from '../../examples/story/claims.ts'
import { Interruption, Narrator } from '../../examples/story/narrator.ts'
import { peek, stagePlayer } from '../../examples/story/players.ts'
import { tellStory } from '../../examples/story/story.ts'
import { tidy } from '../../examples/story/tidy.ts'
import { Witness } from '../../examples/story/witness.ts'
import type { Replica } from '../../src/index.ts'

const namespace = 'carts-test'
const where = { place: 'memory', sqliteFile: null }

function castOf(witness: Witness, third: Replica): Cast {
  const replicas = ['a', 'b', 'c', 'd', 'e'].map((id) => (id === 'c' ? third : memoryReplica({ id })))
  const players = replicas.map((replica, index) => stagePlayer(index + 1, replica, where, witness))
  return { players, folder: null }
}

function narratorTo(hear: (line: string) => void, signal = new AbortController().signal): Narrator {
  const stream = new PassThrough({ encoding: 'utf8' })
  stream.on('data', hear)
  return new Narrator(stream, signal)
}

test('the story is told to its end over honest replicas', async () => {
  const witness = new Witness()
  const lines: string[] = []
  const cast = castOf(witness, memoryReplica({ id: 'c' }))
  const { claimsChecked } = await tellStory(
    cast,
    witness,
    narratorTo((line) => lines.push(line)),
    namespace,
  )
  expect(claimsChecked).toBeGreaterThan(40)
  expect(lines.join('')).toContain('replica 1 [7]   replica 2 [7]   replica 3 [7]')
})

test('a replica that acknowledges what it does not store is found out', async () => {
  const real = memoryReplica({ id: 'c' })
  let puts = 0
  const forgetful: Replica = {
    ...real,
    // The first six writes are kept; what comes after, the repair of the seventh, is not.
    putManyIfNewer: async (entries, options) => {
      puts += 1
      if (puts <= 6) return real.putManyIfNewer(entries, options)
      return entries.map(({ record }) => ({ status: 'stored', retainUntilMs: record.retainUntilMs, replaced: null }))
    },
  }
  const witness = new Witness()
  const telling = tellStory(
    castOf(witness, forgetful),
    witness,
    narratorTo(() => undefined),
    namespace,
  )
  await expect(telling).rejects.toThrow(StoryError)
  await expect(telling).rejects.toThrow('all three replicas hold version 7 after the repair')
})

test('an interrupted story leaves nothing behind', async () => {
  const witness = new Witness()
  const controller = new AbortController()
  const interrupt = (line: string) => {
    if (line.includes('Five replicas, two of them down')) controller.abort(new Interruption('enough'))
  }
  const cast = castOf(witness, memoryReplica({ id: 'c' }))
  const telling = tellStory(cast, witness, narratorTo(interrupt, controller.signal), namespace)
  await expect(telling).rejects.toThrow(Interruption)

  const [first] = cast.players
  if (first === undefined) throw new Error('a cast without players')
  expect((await peek(first, namespace, ['ada']))[0]?.kind).toBe('value')
  await tidy(cast, namespace)
  for (const player of cast.players) expect(await peek(player, namespace, ['ada'])).toEqual([null])
})
