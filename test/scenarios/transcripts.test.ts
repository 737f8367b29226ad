import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { play } from './play.ts'
import { Stage } from './stage.ts'
import { parseTranscript, renderTranscript } from './transcript-file.ts'

/**
 * Every file in `transcripts/` is a scenario of the protocol: commands, and what they led to, word for word. With
 * UPDATE_TRANSCRIPTS=1 the output is written anew; read the difference before you commit it.
 */
const folder = join(import.meta.dirname, 'transcripts')
const isUpdate = process.env.UPDATE_TRANSCRIPTS === '1'

describe('the protocol goes as in', () => {
  const unhandled: unknown[] = []
  const noteUnhandled = (reason: unknown) => unhandled.push(reason)

  beforeEach(() => {
    unhandled.length = 0
    process.on('unhandledRejection', noteUnhandled)
  })

  afterEach(() => {
    process.off('unhandledRejection', noteUnhandled)
    vi.restoreAllMocks()
  })

  test.each(readdirSync(folder).sort())('%s', async (file) => {
    const path = join(folder, file)
    const text = readFileSync(path, 'utf8')
    const stage = new Stage()
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => stage.note(`warning: ${String(warning)}`))

    const played = renderTranscript(await play(stage, parseTranscript(text)))
    const left = await stage.finish()

    if (isUpdate) writeFileSync(path, played)
    else expect(played).toBe(text)
    expect(left).toEqual({ operationsOpen: 0, timersPending: 0, callsWaiting: 0 })
    expect(unhandled).toEqual([])
  })
})
