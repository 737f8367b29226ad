import { expect, test } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import type { ChangesStep, Replica } from '../../src/replica.ts'
import { numberedKeys, putsOf, valueAt } from '../conformance/samples.ts'

const options = { stepTimeoutMs: 1_000 }

async function changesAfter(replica: Replica, after: string | null): Promise<ChangesStep[]> {
  const steps: ChangesStep[] = []
  for await (const step of replica.changes?.(after, options) ?? []) steps.push(step)
  return steps
}

async function put(replica: Replica, ...keys: readonly string[]): Promise<void> {
  await replica.putManyIfNewer(putsOf(...keys.map((key) => valueAt(1, key))), { timeoutMs: 1_000 })
}

async function positionNow(replica: Replica): Promise<string> {
  return (await changesAfter(replica, null)).at(-1)?.position ?? ''
}

test('the log reaches back as far as it has room, and no farther', async () => {
  const replica = memoryReplica({ changesKeysMax: 3 })
  const start = await positionNow(replica)
  await put(replica, ':a', ':b', ':c')
  const [full] = await changesAfter(replica, start)
  expect(full).toMatchObject({ keys: [':a', ':b', ':c'] })
  expect(full?.isGap).toBeUndefined()

  await put(replica, ':d')
  const [gap, ...more] = await changesAfter(replica, start)
  expect([gap, more]).toEqual([{ keys: [], position: await positionNow(replica), isGap: true }, []])
  expect(await changesAfter(replica, full?.position ?? '')).toMatchObject([{ keys: [':d'] }])
})

test('writers that overtake a reader of the log leave it a gap, not a miss', async () => {
  const replica = memoryReplica({ changesKeysMax: 2_000 })
  const start = await positionNow(replica)
  await put(replica, ...numberedKeys(1_500, 'early'))
  const steps: ChangesStep[] = []
  for await (const step of replica.changes?.(start, options) ?? []) {
    steps.push(step)
    await put(replica, ...numberedKeys(1_600, `late ${steps.length}`))
  }
  expect(steps.map(({ keys, isGap = false }) => [keys.length, isGap])).toEqual([
    [1_000, false],
    [0, true],
  ])
})

test.each(['', 'nonsense', '/', 'another log/0', '/0'])(
  'the position %j, which it never gave, is a gap',
  async (after) => {
    const replica = memoryReplica()
    await put(replica, ':a')
    expect(await changesAfter(replica, after)).toMatchObject([{ keys: [], isGap: true }])
  },
)

test('a position from before a restart is a gap', async () => {
  const position = await positionNow(memoryReplica())
  expect(await changesAfter(memoryReplica(), position)).toMatchObject([{ keys: [], isGap: true }])
})
