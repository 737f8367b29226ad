import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { waitUntil } from '../../servers/wait-until.ts'

export interface Program {
  /** Resolves when the program has printed this line. */
  line(text: string): Promise<void>
  write(text: string): void
  readonly exitCode: Promise<number | null>
}

/** Runs a program of this folder in a process of its own, which ends with the test. */
export function runProgram(file: string, parameters: readonly string[]): Program {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [path, ...parameters], { stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    async line(text) {
      await waitUntil(() => output.split('\n').includes(text) || child.exitCode !== null, { what: `"${text}"` })
      if (!output.split('\n').includes(text)) throw new Error(`${file} ended without "${text}":\n${output}`)
    },
    write: (text) => child.stdin.write(text),
    exitCode: once(child, 'exit').then(([code]) => code),
  }
}
