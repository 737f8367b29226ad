import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { explainFailure } from './explain-failure.ts'
import { Failures } from './failures.ts'
import { interruption } from './interruption.ts'
import { masked } from './masked.ts'
import { newProgram, type WithStore } from './program.ts'
import { openStore } from './store.ts'
import { type OutputStream, Terminal } from './terminal.ts'

/** Runs one command line. @returns what the process is to end with */
export async function run(
  given: readonly string[],
  streams: { readonly stdout: OutputStream; readonly stderr: OutputStream },
): Promise<ExitCode> {
  const terminal = new Terminal(streams)
  let exitCode: ExitCode = exitCodes.fine
  using interrupted = interruption(terminal)
  const withStore: WithStore = async (flags, command) => {
    const store = await openStore(flags)
    const failures = new Failures(store)
    try {
      exitCode = await command({ store, terminal, failures, signal: interrupted.signal, json: flags.json === true })
    } finally {
      await store.disconnect()
    }
  }
  try {
    const program = newProgram(await ownVersion(), withStore)
    for (const command of [program, ...program.commands]) behave(command, streams, given)
    if (given.length === 0) program.help({ error: true })
    await program.parseAsync(given, { from: 'user' })
    return exitCode
  } catch (error) {
    const { exitCode: failed, lines } = explainFailure(error)
    terminal.note(...lines.map((line) => masked(line, given)))
    return failed
  }
}

/** Commander throws in place of ending the process, and writes where it is told. */
function behave(
  command: Command,
  { stdout, stderr }: { stdout: OutputStream; stderr: OutputStream },
  given: readonly string[],
): void {
  command.exitOverride()
  command.configureOutput({
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(masked(text, given)),
    getOutHelpWidth: () => 120,
    getErrHelpWidth: () => 120,
  })
}

async function ownVersion(): Promise<string> {
  // The same file from the sources and from what is built of them, one folder deeper.
  for (const place of ['../package.json', '../../package.json']) {
    const text = await readFile(new URL(place, import.meta.url), 'utf8').catch(() => null)
    if (text !== null) return String(JSON.parse(text).version)
  }
  return 'unknown'
}
