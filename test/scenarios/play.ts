import type { Command } from './command.ts'
import { operationCommands } from './operation-commands.ts'
import { replicaCommands } from './replica-commands.ts'
import type { Stage } from './stage.ts'
import { storeCommands } from './store-commands.ts'
import type { Part } from './transcript-file.ts'

const commands: readonly Command[] = [...storeCommands, ...operationCommands, ...replicaCommands]

/**
 * Plays the commands of a transcript and gives it back with the output that they really had. The operations of one
 * block begin in one turn of the event loop; a block ends when nothing more happens without time passing.
 */
export async function play(stage: Stage, parts: readonly Part[]): Promise<Part[]> {
  const played: Part[] = []
  for (const part of parts) {
    if ('remark' in part) {
      played.push(part)
      continue
    }
    for (const line of part.commands) {
      // Commands that take no time are carried out in one turn.
      const waiting = carryOut(stage, line)
      if (waiting !== undefined) await waiting
    }
    await stage.time.settle()
    played.push({ commands: part.commands, output: stage.takeTrace() })
  }
  return played
}

function carryOut(stage: Stage, line: string): void | Promise<void> {
  for (const { pattern, carryOut: command } of commands) {
    const match = pattern.exec(line)
    if (match !== null)
      return command(
        stage,
        match.slice(1).map((group) => group ?? ''),
      )
  }
  throw new Error(`no command has this form: ${line}`)
}
