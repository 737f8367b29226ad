import { describe, expect, test } from 'vitest'
import { fates, type ScriptedCall } from '../../support/scripted-replica.ts'
import { figures, SweepScene, value } from './sweep-scene.ts'

describe('a replica that fails half-way', () => {
  const methods = ['digest', 'changes', 'scan', 'getVersions', 'getMany', 'putManyIfNewer'] as const
  test.each(methods)('at %s is left out from then on, and the others go on', async (method) => {
    const scene = sceneWithDifferences()
    const failing = scene.replica(1)
    failing.fate = (call: ScriptedCall) => (call.method === method && !isRollCall(call) ? fates.rejected : {})
    const outcome = await scene.sweep()

    expect(figures(outcome, 'skipped')).toEqual([null, 'REJECTED: scripted rejected', null])
    expect(outcome.report.isComplete).toBe(true)
    expect(scene.contents(0)).toEqual(scene.contents(2))
    expect([...scene.contents(0).keys()]).toEqual(expect.arrayContaining(['on A 0', 'on C 0']))
    expect(outcome.exchanged).toEqual(
      new Map([
        ['A', ['C']],
        ['C', ['A']],
      ]),
    )
    expect([...outcome.positions.keys()]).toEqual(['A', 'C'])
    const after = failing.calls.slice(failing.calls.findLastIndex((call) => call.method === method) + 1)
    expect(after).toEqual([])
  })

  test('when its lineage changed although no call of the sweep failed', async () => {
    const scene = sceneWithDifferences({ zombiesUntilMs: 100 })
    const gate = scene.parts.members[1]?.replica.gate
    scene.replica(1).fate = (call) => {
      if (call.method !== 'scan') return {}
      scene.replica(1).wipe()
      gate?.silence('its lineage changed')
      gate?.grant()
      return {}
    }
    const outcome = await scene.sweep()
    expect(figures(outcome, 'skipped')).toEqual([null, expect.stringContaining('its lineage'), null])
    expect([...outcome.exchanged.keys()]).toEqual(['A', 'C'])
  })

  test('when it never answers', async () => {
    const scene = sceneWithDifferences()
    scene.replica(1).fate = (call) => (call.method === 'getMany' ? fates.hung : {})
    const outcome = await scene.sweep()
    expect(figures(outcome, 'skipped')).toEqual([null, expect.stringContaining('TIMEOUT'), null])
    expect(outcome.report.isComplete).toBe(true)
  })
})

describe('with replicas that are down', () => {
  test('a sweep goes on with the others, and tells which were left out', async () => {
    const scene = sceneWithDifferences()
    scene.replica(1).fate = () => fates.refused
    const outcome = await scene.sweep()
    expect(figures(outcome, 'skipped')).toEqual([null, 'UNAVAILABLE: scripted unavailable', null])
    expect(scene.replica(1).callsOf('scan')).toEqual([])
    expect(outcome.report.isComplete).toBe(true)
  })

  test('those that the failure detector holds to be down are not even asked', async () => {
    const scene = sceneWithDifferences()
    scene.replica(1).fate = () => fates.refused
    const watched = scene.parts.members[1]?.replica
    for (let attempt = 0; attempt < 3; attempt += 1)
      await watched?.getVersions(['k'], { timeoutMs: 1 }).catch(() => null)
    const asked = scene.replica(1).calls.length
    const outcome = await scene.sweep()
    expect(figures(outcome, 'skipped')).toEqual([null, 'held to be down, not asked', null])
    expect(scene.replica(1).calls.length).toBe(asked)
  })

  test('all but one, it ends incomplete, with nothing exchanged', async () => {
    const scene = sceneWithDifferences()
    for (const index of [1, 2]) scene.replica(index).fate = () => fates.refused
    const outcome = await scene.sweep()
    expect(outcome.report).toMatchObject({ isComplete: false, differing: 0 })
    expect(outcome.exchanged.size).toBe(0)
    expect(outcome.cursor).toBeNull()
  })

  test('all of them, it ends incomplete too', async () => {
    const scene = sceneWithDifferences()
    for (const replica of scene.replicas) replica.fate = () => fates.refused
    expect((await scene.sweep()).report.isComplete).toBe(false)
  })

  test('lost half-way, it tells where to go on, and goes on from there', async () => {
    const scene = sceneWithDifferences({}, { sliceKeys: 5, slicesMax: 8 })
    let pages = 0
    const goDown = (call: ScriptedCall) => {
      if (call.method === 'scan') pages += 1
      return pages > 6 ? fates.refused : {}
    }
    for (const index of [1, 2]) scene.replica(index).fate = goDown
    const cut = await scene.sweep()
    expect(cut.report.isComplete).toBe(false)
    expect(cut.cursor).toMatchObject({ replicas: { A: '', B: '', C: '' }, startedAtMs: cut.report.startedAtMs })

    for (const replica of scene.replicas) replica.fate = () => ({})
    await scene.time.advance(10_000)
    const rest = await scene.sweep(cut.cursor === null ? {} : { resumeFrom: cut.cursor })
    expect(rest.report.isComplete).toBe(true)
    expect(rest.exchangeBeganAtMs).toBe(cut.report.startedAtMs)
    expect(rest.exchanged.get('A')).toEqual(['B', 'C'])
    expect(scene.contents(1)).toEqual(scene.contents(0))
    expect(scene.contents(2)).toEqual(scene.contents(0))
  })
})

test('a replica that lost its data since a sweep was cut short has not exchanged when it is gone on with', async () => {
  const scene = sceneWithDifferences()
  const lineages = ['one', 'two', 'three']
  const members = scene.parts.members.map((member, index) => ({ ...member, lineage: lineages[index] ?? null }))
  const again = new SweepScene({ parts: { members } })
  const replicas = { A: 'one', B: 'another', C: 'three' }
  const resumeFrom = { partition: { partition: 0, of: 1 }, bucket: 20_000, startedAtMs: 5, replicas, positions: {} }
  const outcome = await again.sweep({ resumeFrom })
  expect(outcome.report.isComplete).toBe(true)
  expect([...outcome.exchanged.keys()]).toEqual(['A', 'C'])
  expect(outcome.exchangeBeganAtMs).toBe(5)
})

function sceneWithDifferences(parts: object = {}, limits: object = {}): SweepScene {
  const scene = new SweepScene({ parts, limits })
  for (let number = 0; number < 20; number += 1) {
    scene.place(0, value(`on A ${number}`, 500))
    scene.place(1, value(`on B ${number}`, 500))
    scene.place(2, value(`on C ${number}`, 500))
  }
  return scene
}

/** The first question, which only finds out who is there. */
function isRollCall(call: ScriptedCall): boolean {
  return call.method === 'getVersions' && call.keys.length === 1 && call.keys[0] === '\u0001'
}
