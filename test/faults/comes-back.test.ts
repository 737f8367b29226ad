import { describe, it } from 'vitest'
import { playAbsence } from './absence.ts'
import { oneOfEach } from './backends.ts'

const returns = ['stale', 'stale after gc grace'] as const

describe.each(returns)('a replica that comes back %s makes all replicas the same again', (comesBack) => {
  it('when it is Redis', async () => playAbsence(await oneOfEach(), 0, comesBack))

  it('when it is PostgreSQL', async () => playAbsence(await oneOfEach(), 1, comesBack))

  it('when it is SQLite', async () => playAbsence(await oneOfEach(), 2, comesBack))
})
