import { describe, it } from 'vitest'
import { playAbsence } from './absence.ts'
import { oneOfEach, redisBackend } from './backends.ts'

describe('a replica that comes back empty is given everything again', () => {
  it('when it is Redis', async () => playAbsence(await oneOfEach(), 0, 'empty'))

  it('when it is PostgreSQL', async () => playAbsence(await oneOfEach(), 1, 'empty'))

  it('when it is SQLite', async () => playAbsence(await oneOfEach(), 2, 'empty'))

  it('when it is one of three Redis without persistence', async () => {
    const backends = await Promise.all([redisBackend(false), redisBackend(false), redisBackend(false)])
    await playAbsence(backends, 1, 'empty')
  })
})
