import { expect, onTestFinished } from 'vitest'
import { defaults } from '../../src/config/defaults.ts'
import { waitUntil } from '../servers/wait-until.ts'
import { type OpenStore, openStore } from '../support/open-store.ts'
import type { Backend } from './backends.ts'
import { differencesFrom } from './contents.ts'
import { MovedClock } from './moved-clock.ts'
import { Story } from './story.ts'

const gcGraceMs = 60_000

export type Return = 'stale' | 'empty' | 'stale after gc grace'

/**
 * One replica is away while 10,000 keys are written, 1,000 deleted, a namespace cleared and 1,000 keys expire, and comes
 * back. No read is wrong meanwhile, and after a sweep all replicas hold the same, record by record.
 *
 * @param victim the index of the backend that goes away
 */
export async function playAbsence(backends: readonly Backend[], victim: number, comesBack: Return): Promise<void> {
  const backend = backends[victim]
  if (backend === undefined) throw new RangeError(`there is no backend ${victim}`)
  const clock = new MovedClock()
  const store = openOver(backends, clock)
  const story = new Story(store.view, clock)
  await story.before()
  await store.engine.sweep()
  await backend.stop()
  await story.meanwhile()
  if (comesBack === 'stale after gc grace') await passGcGrace(store, clock)
  if (comesBack === 'empty') await backend.startEmpty()
  else await backend.start()
  await untilAllIsWell(store, story)
  await store.engine.sweep()
  await expectSame(backends, story, clock)
  expect(await story.misreadOfTenth()).toEqual([])
}

function openOver(backends: readonly Backend[], clock: MovedClock): OpenStore {
  const replicas = backends.map((backend) => backend.open())
  const { hintsMax } = defaults
  const store = openStore(clock.runtime, replicas, { lineage: 'checked', hintsMax, gcGraceMs, sweepEveryMs: 0 })
  onTestFinished(async () => {
    await store.engine.close()
    await Promise.all(backends.map((backend) => backend.close()))
  })
  return store
}

/** Sweeps go on without the missing replica for as long as what was deleted has to be remembered, and longer. */
async function passGcGrace({ engine }: OpenStore, clock: MovedClock): Promise<void> {
  for (let times = 0; times < 3; times += 1) {
    clock.putForward(gcGraceMs)
    await engine.sweep()
  }
}

async function untilAllIsWell({ engine }: OpenStore, story: Story): Promise<void> {
  const isWell = async () => {
    expect(await story.misreadOfTenth()).toEqual([])
    return engine.replicas.every(
      ({ condition, standing, hints }) => condition === 'up' && standing === 'full' && hints === 0,
    )
  }
  const what = 'all replicas to be up and full, with nothing left to hand over'
  await waitUntil(isWell, { what, timeoutMs: 40_000, pollMs: 50 })
}

/** Over connections of their own, so that nothing of the store stands between. */
async function expectSame(backends: readonly Backend[], story: Story, clock: MovedClock): Promise<void> {
  const replicas = backends.map((backend) => backend.open())
  try {
    expect(await differencesFrom(story.book, replicas, clock.nowMs)).toEqual([])
  } finally {
    await Promise.all(replicas.map((replica) => replica.close()))
  }
}
