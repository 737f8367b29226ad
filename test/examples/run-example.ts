import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface Outcome {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** false: its output goes nowhere, as after a pager was left. Default true. */
  readonly isHeard?: boolean
}

const repository = fileURLToPath(new URL('../../', import.meta.url))
const runMaxMs = 90_000

/**
 * For programs that keep to the store's default limit of one second a call: the first call loads adapters and starts
 * threads, and a machine that is busy with other tests may need longer for that. What is broken stays broken.
 */
export const coldStart = { retry: 2 } as const
/** Node 22 says at every use that its SQLite is experimental; any other warning is a finding. */
const nodeOptions = `${process.env.NODE_OPTIONS ?? ''} --disable-warning=ExperimentalWarning`

/** Runs a program as a reader of the documentation would, with the Node of this process, and waits for its end. */
export async function runExample(
  file: string,
  given: readonly string[] = [],
  options: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [file, ...given], {
    cwd: options.cwd ?? repository,
    env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: nodeOptions, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: runMaxMs,
    killSignal: 'SIGKILL',
  })
  if (options.isHeard === false) child.stdout.destroy()
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const heard = options.isHeard === false ? '' : text(child.stdout)
  const [stdout, stderr, exitCode] = await Promise.all([heard, text(child.stderr), exit])
  return { stdout, stderr, exitCode }
}
