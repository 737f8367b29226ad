import { expect, test } from 'vitest'
import type { SweepOptions } from '../../src/background/sweep/sweep-options.ts'
import { ConfigError } from '../../src/errors.ts'
import { openScene } from '../support/open-store.ts'

const partition = { partition: 0, of: 1 }

test.each([
  null,
  'full',
  { partition: null },
  { partition: {} },
  { signal: { aborted: false } },
  { onProgress: 'often' },
  { positions: { A: '1' } },
  { positions: new Map([['A', 1]]) },
  { resumeFrom: 'here' },
  { resumeFrom: { partition } },
  { resumeFrom: { partition, bucket: 1, startedAtMs: 1, replicas: null, positions: {} } },
  { resumeFrom: { partition, bucket: 1, startedAtMs: 1, replicas: {}, positions: { A: 1 } } },
])('a sweep with the options %j is refused before anybody is asked anything', async (options) => {
  const { engine, replicas } = openScene(3)
  await expect(engine.sweep(options as unknown as SweepOptions)).rejects.toBeInstanceOf(ConfigError)
  expect(replicas.flatMap(({ calls }) => calls)).toEqual([])
})
