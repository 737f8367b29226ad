import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashSpace, keyHash } from '../../src/core/hash.ts'
import { newTombstone, newValue } from '../../src/core/record.ts'
import { versionAt } from '../conformance/samples.ts'
import { openScene, type Scene } from '../support/open-store.ts'
import { fates } from '../support/scripted-replica.ts'

/** Which replicas hold the key, and how: `v` alive, `x` deleted, `e` expired, `.` not at all. */
const placing = fc.constantFrom('v', 'v', 'v', 'x', 'e', '.')

/** Whether a majority holds it alive, and nobody anything newer. */
function isAcknowledged(placings: readonly string[]): boolean {
  const alive = placings.filter((how) => how === 'v').length
  return alive > placings.length / 2 && placings.every((how) => how === 'v' || how === '.')
}

async function listed(scene: Scene, prefix: string, keysMax: number, pageKeysMax: number): Promise<string[]> {
  const keys: string[] = []
  for await (const page of scene.operations.iterate(prefix, { keysMax, pageKeysMax })) {
    expect(page.length).toBeLessThanOrEqual(pageKeysMax)
    keys.push(...page.map(({ key }) => key))
  }
  return keys
}

function place(scene: Scene, key: string, placings: readonly string[]): void {
  for (const [index, how] of placings.entries()) {
    const { store } = scene.replica(index)
    if (how === 'v') store.place(newValue(key, versionAt(7), `s${key}`, null))
    else if (how === 'x') store.place(newTombstone(key, versionAt(8), 8))
    else if (how === 'e') store.place(newValue(key, versionAt(8), 's', 500))
  }
}

describe('an iteration', () => {
  test('yields every live key that w replicas hold exactly once, in whatever memory', async () => {
    const plan = fc.integer({ min: 1, max: 5 }).chain((n) =>
      fc.record({
        n: fc.constant(n),
        keys: fc.array(fc.array(placing, { minLength: n, maxLength: n }), { maxLength: 40, size: 'max' }),
        keysMax: fc.integer({ min: 1, max: 12 }),
        pageKeysMax: fc.integer({ min: 1, max: 7 }),
        scanPage: fc.integer({ min: 1, max: 9 }),
      }),
    )
    await fc.assert(
      fc.asyncProperty(plan, async ({ n, keys, keysMax, pageKeysMax, scanPage }) => {
        const scene = openScene(n)
        for (const replica of scene.replicas) replica.pageKeysMax = scanPage
        for (const [index, placings] of keys.entries()) {
          place(scene, `:k${index}`, placings)
          place(scene, `other:k${index}`, placings)
        }
        const expected = keys.flatMap((placings, index) => (isAcknowledged(placings) ? [`:k${index}`] : []))
        const found = await listed(scene, ':', keysMax, pageKeysMax)
        expect(new Set(found).size).toBe(found.length)
        expect(found.filter((key) => !key.startsWith(':'))).toEqual([])
        for (const key of expected) expect(found).toContain(key)
        // A key that fewer than w replicas hold may come: it was never acknowledged, or is on its way.
        for (const key of found) expect(keys[Number(key.slice(2))]).toContain('v')
      }),
      { numRuns: 300 },
    )
  })

  test('remembers no more keys than it may', async () => {
    const scene = openScene(3)
    for (let index = 0; index < 300; index += 1) place(scene, `:k${index}`, ['v', 'v', 'v'])
    expect(await listed(scene, ':', 20, 10)).toHaveLength(300)
    const asked = scene
      .replica(0)
      .callsOf('scan')
      .map((call) => (call.method === 'scan' ? call.range : null))
    const widths = asked.map((range) => (range === null ? 0 : range.to - range.from))
    expect(widths.length).toBeGreaterThan(10)
    expect(Math.min(...widths)).toBeLessThan(hashSpace / 8)
  })

  test('ends although two keys have the same hash and only one may be remembered', async () => {
    const [one, other] = keysOfOneHash()
    expect(keyHash(one)).toBe(keyHash(other))
    const scene = openScene(3)
    place(scene, one, ['v', 'v', 'v'])
    place(scene, other, ['v', 'v', 'v'])
    expect((await listed(scene, ':', 1, 10)).sort()).toEqual([one, other].sort())
  })

  test('of one range of hashes yields the keys of that range, and the ranges together all of them', async () => {
    const scene = openScene(3)
    for (let index = 0; index < 100; index += 1) place(scene, `:k${index}`, ['v', 'v', '.'])
    const middle = hashSpace / 2
    const halves = [
      { from: 0, to: middle },
      { from: middle, to: hashSpace },
    ]
    const found: string[][] = []
    for (const range of halves) {
      const keys: string[] = []
      for await (const page of scene.operations.iterate(':', { keysMax: 30, pageKeysMax: 10 }, range)) {
        keys.push(...page.map(({ key }) => key))
      }
      for (const key of keys) expect(keyHash(key) < middle).toBe(range.from === 0)
      found.push(keys)
    }
    expect(new Set(found.flat()).size).toBe(100)
  })

  test('leaves out what is deleted while it goes on', async () => {
    const scene = openScene(3)
    for (const key of [':a', ':b', ':c', ':d']) place(scene, key, ['v', 'v', 'v'])
    const found: string[] = []
    for await (const page of scene.operations.iterate(':', { keysMax: 100, pageKeysMax: 1 })) {
      found.push(...page.map(({ key }) => key))
      for (const key of [':a', ':b', ':c', ':d']) if (!found.includes(key)) await scene.operations.delete(key)
    }
    expect(found).toHaveLength(1)
  })

  test('that is left early asks no more', async () => {
    const scene = openScene(3)
    for (let index = 0; index < 20; index += 1) place(scene, `:k${index}`, ['v', 'v', 'v'])
    for await (const _page of scene.operations.iterate(':', { keysMax: 5, pageKeysMax: 1 })) break
    await scene.time.settle()
    const asked = scene.replica(0).calls.length
    await scene.time.advance(10_000)
    expect(scene.replica(0).calls).toHaveLength(asked)
    expect(scene.time.timersPending).toBe(0)
  })

  test('rejects when the keys that it found cannot be read', async () => {
    const scene = openScene(3)
    place(scene, ':a', ['v', 'v', 'v'])
    for (const index of [0, 1]) scene.replica(index).fate = ({ method }) => (method === 'getMany' ? fates.refused : {})
    await expect(listed(scene, ':', 10, 10)).rejects.toMatchObject({ code: 'QUORUM_LOST', operation: 'get' })
  })
})

/** Two keys under one hash, found by trying: with 32 bits that takes some 80,000 keys. */
function keysOfOneHash(): [string, string] {
  const seen = new Map<number, string>()
  for (let index = 0; ; index += 1) {
    const key = `:n${index}`
    const hash = keyHash(key)
    const earlier = seen.get(hash)
    if (earlier !== undefined) return [earlier, key]
    seen.set(hash, key)
  }
}
