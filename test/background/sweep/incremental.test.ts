import { describe, expect, test } from 'vitest'
import type { SweepOutcome } from '../../../src/background/sweep/sweep.ts'
import { figures, SweepScene, tombstone, value } from './sweep-scene.ts'

/** A scene in which everything was exchanged, and what a sweep needs to go on from there. */
async function sweptScene(options: ConstructorParameters<typeof SweepScene>[0] = {}) {
  const scene = new SweepScene(options)
  for (const index of [0, 1, 2]) scene.place(index, value('old', 500))
  const { positions } = await scene.sweep()
  for (const replica of scene.replicas) replica.calls.length = 0
  const sweepOn = (from = positions): Promise<SweepOutcome> => scene.sweep({ kind: 'incremental', positions: from })
  return { scene, positions, sweepOn }
}

describe('an incremental sweep', () => {
  test('compares what was put since the last one, and nothing else', async () => {
    const { scene, sweepOn } = await sweptScene()
    scene.place(0, value('new', 600))
    scene.place(1, value('old', 601), value('new', 600))
    scene.place(2, tombstone('gone', 602, 2_000_000))
    const outcome = await sweepOn()

    expect(scene.held('new')).toBe('600 600 600')
    expect(scene.held('old')).toBe('601 601 601')
    expect(scene.held('gone')).toBe('t602 t602 t602')
    expect(figures(outcome, 'compared')).toEqual([3, 3, 3])
    expect(outcome).toMatchObject({ needsFull: null, report: { kind: 'incremental', isComplete: true } })
    expect(outcome.exchanged.get('C')).toEqual(['A', 'B'])
    for (const replica of scene.replicas) {
      expect(replica.callsOf('digest')).toEqual([])
      // Not even for what is retired: that would cost what a full sweep does.
      expect(replica.callsOf('scan')).toEqual([])
    }
  })

  test('goes on from one to the next', async () => {
    const { scene, sweepOn } = await sweptScene()
    scene.place(0, value('first', 600))
    const { positions } = await sweepOn()
    scene.place(1, value('second', 601))
    const outcome = await sweepOn(positions)
    expect(scene.held('second')).toBe('601 601 601')
    // What the first sweep itself put is in the logs as well.
    expect(outcome.report.differingKeys).toEqual(['second'])
    const quiet = await sweepOn(outcome.positions)
    expect(quiet.report.differing).toBe(0)
  })

  test('does with logs of n - w + 1 full replicas, and mends those without one', async () => {
    const { scene, sweepOn } = await sweptScene({ scripted: [{}, {}, { lacks: ['changes', 'digest'] }] })
    scene.place(0, value('new', 600))
    const outcome = await sweepOn()
    expect(scene.held('new')).toBe('600 600 600')
    expect(outcome.exchanged.get('C')).toEqual(['A', 'B'])
    expect(outcome.positions.get('C')).toBe('')
  })

  test('asks for a full one, and changes nothing, where too few logs reach back', async () => {
    const { scene, sweepOn } = await sweptScene({ scripted: [{}, {}, { lacks: ['changes', 'digest'] }] })
    scene.place(1, value('new', 600), tombstone('purgeable', 600))
    scene.replica(0).store.log.lose()
    const outcome = await sweepOn()
    expect(outcome.needsFull).toMatch(/^1 full replicas have a log/)
    expect(outcome.report.isComplete).toBe(false)
    expect(outcome.exchanged.size).toBe(0)
    expect(scene.writes).toBe(0)
  })

  test('asks for a full one when nothing is on record', async () => {
    const { sweepOn } = await sweptScene()
    expect((await sweepOn(new Map())).needsFull).not.toBeNull()
  })

  test('asks for a full one when more keys were put than it may hold', async () => {
    const { scene, sweepOn } = await sweptScene({ limits: { changedKeysMax: 10 } })
    for (let number = 0; number < 11; number += 1) scene.place(0, value(`key ${number}`, 600))
    expect((await sweepOn()).needsFull).toMatch(/^more than 10 keys/)
    expect(scene.writes).toBe(0)
  })

  test('makes no exchange of it for a replica that missed the sweep before', async () => {
    const { scene, positions, sweepOn } = await sweptScene()
    const known = new Map([...positions].filter(([id]) => id !== 'C'))
    scene.place(0, value('new', 600))
    const outcome = await sweepOn(known)
    expect(scene.held('new')).toBe('600 600 600')
    expect([...outcome.exchanged.keys()]).toEqual(['A', 'B'])
    expect([...outcome.positions.keys()]).toEqual(['A', 'B'])
  })

  test('makes no exchange of it for a replica that is joining, and its log counts for nothing', async () => {
    const { scene, sweepOn } = await sweptScene({ joining: [2] })
    scene.place(2, value('new', 600))
    const outcome = await sweepOn()
    expect([...outcome.exchanged.keys()]).toEqual(['A', 'B'])

    const joining = await sweptScene({ joining: [1, 2] })
    expect((await joining.sweepOn()).needsFull).not.toBeNull()
  })

  test('of a partition compares the keys of it alone, and all partitions together compare all', async () => {
    const { scene, positions } = await sweptScene()
    for (let number = 0; number < 30; number += 1) scene.place(0, value(`key ${number}`, 600))
    let compared = 0
    for (const partition of [0, 1, 2]) {
      const outcome = await scene.sweep({ kind: 'incremental', positions, partition: { partition, of: 3 } })
      compared += Number(figures(outcome, 'pulled')[1])
    }
    expect(compared).toBe(30)
    expect(scene.contents(1)).toEqual(scene.contents(0))
  })
})
