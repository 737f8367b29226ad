import { describe, expect, test } from 'vitest'
import type { SweepOptions } from '../../../src/background/sweep/sweep-options.ts'
import type { SweepCursor } from '../../../src/background/sweep/sweep-report.ts'
import { bucketOf, bucketsCount } from '../../../src/core/digest.ts'
import { keyHash } from '../../../src/core/hash.ts'
import { foreverMs } from '../../../src/core/record.ts'
import { endOf } from '../../support/end-of.ts'
import { counted, figures, giveEverything, nowMs, SweepScene, tombstone, value } from './sweep-scene.ts'

describe('a full sweep', () => {
  test('gives every replica the newest of each key, tombstones included', async () => {
    const scene = new SweepScene()
    scene.place(0, value('one', 10), value('two', 20), value('same', 5))
    scene.place(1, value('one', 11), value('same', 5))
    scene.place(2, tombstone('two', 21, 2_000_000), value('same', 5))
    const outcome = await scene.sweep()

    expect(scene.held('one')).toBe('11 11 11')
    expect(scene.held('two')).toBe('t21 t21 t21')
    expect(outcome.report).toMatchObject({ isComplete: true, differing: 2, left: 0 })
    expect(outcome.report.differingKeys.toSorted()).toEqual(['one', 'two'])
    expect(figures(outcome, 'pulled')).toEqual([2, 1, 1])
    expect(figures(outcome, 'pushed')).toEqual([0, 2, 2])
    expect(outcome.exchanged.get('A')).toEqual(['B', 'C'])
  })

  test('asks for no key and writes nothing where all replicas agree', async () => {
    const scene = new SweepScene({ scripted: [{}, {}, { lacks: ['digest', 'changes'] }] })
    for (const index of [0, 1, 2]) scene.place(index, value('one', 10), tombstone('two', 20, foreverMs))
    const outcome = await scene.sweep()
    expect(scene.writes).toBe(0)
    expect(figures(outcome, 'compared')).toEqual([0, 0, 0])
    expect(outcome.report.isComplete).toBe(true)
  })

  test('looks only into buckets that differ', async () => {
    const scene = new SweepScene({ scripted: [{}, {}, { lacks: ['digest', 'changes'] }] })
    for (let number = 0; number < 500; number += 1) {
      for (const index of [0, 1, 2]) scene.place(index, value(`key ${number}`, 10))
    }
    for (const key of ['key 7', 'key 8']) scene.place(2, value(key, 11))
    for (const replica of scene.replicas) giveEverything(replica)
    const outcome = await scene.sweep()
    expect(scene.held('key 7')).toBe('11 11 11')
    const bucketsOf = (keys: readonly string[]) => keys.map((key) => bucketOf(keyHash(key)))
    const differing = bucketsOf(['key 7', 'key 8'])
    const all = bucketsOf(Array.from({ length: 500 }, (_, number) => `key ${number}`))
    const inThem = all.filter((bucket) => differing.includes(bucket)).length
    expect(figures(outcome, 'compared')).toEqual([inThem, inThem, inThem])
  })

  test('fills a replica that is joining, and leaves alone what only more replicas could tell to be a zombie', async () => {
    const scene = new SweepScene({ joining: [2], parts: { zombiesUntilMs: 100 } })
    scene.place(0, value('acknowledged', 10), value('old', 20), value('young', 200))
    scene.place(1, value('acknowledged', 10))
    const outcome = await scene.sweep()
    expect(scene.held('acknowledged')).toBe('10 10 10')
    expect(scene.held('young')).toBe('200 200 200')
    expect(scene.held('old')).toBe('20 - -')
    expect(outcome.report).toMatchObject({ isComplete: true, left: 1 })
    expect(outcome.exchanged.get('C')).toEqual(['A', 'B'])
  })

  test('drops a zombie where it is, and spreads what lies beneath', async () => {
    const scene = new SweepScene({ w: 3, joining: [0, 1], parts: { zombiesUntilMs: 100 } })
    scene.place(0, value('zombie', 10), value('above', 10))
    scene.place(1, tombstone('above', 9, foreverMs))
    const outcome = await scene.sweep()
    expect(scene.held('zombie')).toBe('- - -')
    expect(scene.held('above')).toBe('t9 t9 t9')
    expect(figures(outcome, 'zombies')).toEqual([2, 0, 0])
  })

  test('purges what is past its retention, and what is past gc grace only when it may', async () => {
    const retirement = { retainedUntilMs: nowMs, diedUntilMs: 500_000 }
    const records = [
      tombstone('kept', 600_000, foreverMs),
      tombstone('past grace', 400_000, foreverMs),
      tombstone('past retention', 600_000),
      value('expired', 600_000, 700_000),
      value('alive', 600_000),
    ]
    for (const purges of [false, true]) {
      const scene = new SweepScene({ parts: { retirement, purges } })
      for (const index of [0, 1, 2]) scene.place(index, ...records)
      scene.place(0, value('unreadable', 5, 10))
      scene.replica(0).store.damage('unreadable', 'head')
      const outcome = await scene.sweep()
      const kept = ['alive', 'kept', ...(purges ? [] : ['past grace'])]
      expect([...scene.contents(1).keys()]).toEqual(kept)
      expect([...scene.contents(0).keys()]).toEqual([...kept, 'unreadable'])
      expect(figures(outcome, 'purged')).toEqual(purges ? [3, 3, 3] : [2, 2, 2])
    }
  })

  test('purges nothing before the time, although digests look ahead', async () => {
    const scene = new SweepScene({ parts: { retirement: { retainedUntilMs: nowMs + 60_000, diedUntilMs: -1 } } })
    scene.place(0, value('dies soon', 10, nowMs + 30_000), tombstone('goes soon', 10, nowMs + 30_000))
    const outcome = await scene.sweep()
    expect(scene.held('dies soon')).toBe('10 - -')
    expect(scene.held('goes soon')).toBe('t10 - -')
    expect(outcome.report.differing).toBe(0)
  })

  test('takes no notice of what is retired, with or without digests of the replica', async () => {
    for (const index of [0, 2]) {
      const scene = new SweepScene({ scripted: [{}, {}, { lacks: ['digest', 'changes'] }] })
      scene.place(index, tombstone('gone', 10))
      const outcome = await scene.sweep({ preview: true })
      expect(figures(outcome, 'compared')).toEqual([0, 0, 0])
      expect(figures(outcome, 'purged')[index]).toBe(1)
    }
  })

  test('a store of one replica is swept by purging alone', async () => {
    const scene = new SweepScene({ n: 1, w: 1 })
    scene.place(0, tombstone('gone', 10), value('here', 10))
    const outcome = await scene.sweep()
    expect(outcome.report.isComplete).toBe(true)
    expect(scene.replica(0).store.keys).toEqual(['here'])
  })
})

describe('what is damaged', () => {
  test('is replaced by what another replica holds, and never spread', async () => {
    const scene = new SweepScene()
    for (const index of [0, 1]) scene.place(index, value('payload', 10), value('head', 10), value('raised', 10))
    scene.place(2, value('head', 10), value('raised', 10))
    scene.replica(0).store.damage('payload', 'payload')
    scene.replica(1).store.damage('head', 'head')
    scene.replica(2).store.raiseVersion('raised')
    await scene.sweep()
    for (const key of ['payload', 'head', 'raised']) {
      expect(scene.held(key)).toBe('10 10 10')
      for (const { store } of scene.replicas) expect(store.isDamaged(key)).toBe(false)
    }
    expect(scene.events.filter(({ type }) => type === 'corrupt')).toHaveLength(3)
  })

  test('goes where the others hold nothing: it was never acknowledged, and nothing will ever mend it', async () => {
    const scene = new SweepScene()
    scene.place(0, value('only', 10))
    scene.replica(0).store.damage('only', 'payload')
    const outcome = await scene.sweep()
    expect(scene.held('only')).toBe('- - -')
    expect(figures(outcome, 'pulled')).toEqual([0, 0, 0])
    expect((await scene.sweep()).report.differing).toBe(0)
  })

  test('stays while too few can say so, or a write may still count on it', async () => {
    const scene = new SweepScene({ joining: [2] })
    scene.place(0, value('only', 10))
    scene.replica(0).store.damage('only', 'payload')
    await scene.sweep()
    expect(scene.held('only')).toBe('10 - -')

    const young = new SweepScene()
    young.place(0, value('young', nowMs - 1_000))
    young.replica(0).store.damage('young', 'payload')
    await young.sweep()
    expect(young.held('young')).toBe(`${nowMs - 1_000} - -`)
  })
})

describe('a preview', () => {
  test('writes nothing, and its figures are those of the sweep that follows', async () => {
    const scene = new SweepScene({ parts: { zombiesUntilMs: 300 } })
    scene.place(0, value('one', 410), value('zombie', 200))
    scene.place(1, value('one', 411), tombstone('gone', 500))
    scene.place(2, value('gone', 499, 600))
    const preview = await scene.sweep({ preview: true })
    expect(scene.writes).toBe(0)
    expect(preview.exchanged.size).toBe(0)
    expect(preview.positions.size).toBe(0)

    expect(counted(await scene.sweep())).toEqual(counted(preview))
    expect(scene.held('gone')).toBe('- - -')
  })
})

describe('options', () => {
  const wrong: [string, SweepOptions | object][] = [
    ['kind', { kind: 'partial' }],
    ['preview', { preview: 'yes' }],
    ['keysPerSecond', { keysPerSecond: 0 }],
    ['keysPerSecond', { keysPerSecond: Number.NaN }],
    ['partition.of', { partition: { partition: 0, of: 0 } }],
    ['partition.of', { partition: { partition: 0, of: bucketsCount + 1 } }],
    ['partition.partition', { partition: { partition: 2, of: 2 } }],
    ['partition.partition', { partition: { partition: 0.5, of: 2 } }],
    ['resumeFrom', { kind: 'incremental', resumeFrom: cursorAt(3) }],
    ['resumeFrom.partition', { resumeFrom: cursorAt(3), partition: { partition: 0, of: 2 } }],
    ['resumeFrom.bucket', { resumeFrom: cursorAt(bucketsCount + 1) }],
  ]
  test.each(wrong)('%s is named when it is wrong', async (field, options) => {
    const scene = new SweepScene()
    await expect(scene.sweep(options as SweepOptions)).rejects.toMatchObject({ code: 'CONFIG_INVALID', field })
    expect(scene.events).toEqual([])
  })
})

function cursorAt(bucket: number): SweepCursor {
  return { partition: { partition: 0, of: 1 }, bucket, startedAtMs: nowMs, replicas: {}, positions: {} }
}

describe('an abort', () => {
  test('rejects with its reason and leaves nothing open', async () => {
    for (const method of ['digest', 'changes', 'scan', 'getVersions', 'getMany', 'putManyIfNewer', 'purgeMany']) {
      const abort = new AbortController()
      const scene = new SweepScene({ scripted: [{}, { lacks: ['digest', 'changes'] }], limits: { pageKeysMax: 2 } })
      for (let number = 0; number < 20; number += 1) {
        scene.place(0, value(`key ${number}`, 10), tombstone(`gone ${number}`, 10))
      }
      for (const replica of scene.replicas) {
        replica.fate = (call) => {
          if (call.method === method) abort.abort(new Error('enough'))
          return {}
        }
      }
      await expect(scene.sweep({ signal: abort.signal }), method).rejects.toThrow('enough')
      await scene.time.settle()
      expect(scene.replicas.map(({ callsUnderWay }) => callsUnderWay)).toEqual([0, 0, 0])
      expect(scene.time.timersPending).toBe(0)
      expect(scene.events.at(-1)).toMatchObject({ type: 'sweep-ended', report: { isComplete: false } })
    }
  })

  test('ends every scan that was open', async () => {
    const abort = new AbortController()
    const scene = new SweepScene({ limits: { pageKeysMax: 2 } })
    let open = 0
    for (const replica of scene.replicas) {
      const scan = replica.scan.bind(replica)
      replica.scan = async function* (range, options) {
        open += 1
        try {
          for await (const page of scan(range, options)) {
            abort.abort(new Error('enough'))
            yield page
          }
        } finally {
          open -= 1
        }
      }
    }
    for (let number = 0; number < 20; number += 1) scene.place(0, value(`key ${number}`, 10))
    await expect(scene.sweep({ signal: abort.signal })).rejects.toThrow('enough')
    await scene.time.settle()
    expect(open).toBe(0)
  })

  test('before the start lets nothing begin', async () => {
    const scene = new SweepScene()
    await expect(scene.sweep({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    expect(scene.events).toEqual([])
    expect(scene.replicas.flatMap(({ calls }) => calls)).toEqual([])
  })

  test('is heeded while the sweep waits for its turn', async () => {
    const abort = new AbortController()
    const scene = new SweepScene()
    for (let number = 0; number < 200; number += 1) scene.place(0, value(`key ${number}`, 10))
    const end = endOf(scene.sweep({ keysPerSecond: 1, signal: abort.signal }))
    await scene.time.advance(5_000)
    expect(end.state).toBe('open')
    abort.abort(new Error('enough'))
    await scene.time.advance(0)
    expect(end).toMatchObject({ state: 'rejected', error: new Error('enough') })
  })
})
