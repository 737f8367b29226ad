import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Part, parseTranscript, renderTranscript } from '../scenarios/transcript-file.ts'
import { Stage } from './stage.ts'

/**
 * Every file in `transcripts/` is a session at a terminal, word for word; an empty line of output is written as `.`. With
 * UPDATE_TRANSCRIPTS=1 the output is written anew; read the difference before you commit it.
 */
const folder = join(import.meta.dirname, 'transcripts')
const isUpdate = process.env.UPDATE_TRANSCRIPTS === '1'

test.each(readdirSync(folder).sort())('the command does as in %s', async (file) => {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  const stage = new Stage()
  try {
    const played = renderTranscript(await playAll(stage, parseTranscript(text)))
    if (isUpdate) writeFileSync(path, played)
    else expect(played).toBe(text)
  } finally {
    stage.close()
  }
})

async function playAll(stage: Stage, parts: readonly Part[]): Promise<Part[]> {
  const played: Part[] = []
  for (const part of parts) {
    if ('remark' in part) played.push(part)
    else played.push({ ...part, output: await playBlock(stage, part.commands) })
  }
  return played
}

async function playBlock(stage: Stage, commands: readonly string[]): Promise<string[]> {
  const output: string[] = []
  for (const command of commands) output.push(...(await stage.play(command)))
  return output.map((line) => (line === '' ? '.' : line))
}
