import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname, isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { RacedPut, RacePlan } from './race-plan.ts'
import type { RaceTask } from './race-process.ts'
import type { OtherProcess } from './subject.ts'

// Beside this file with the same ending: a TypeScript source here, JavaScript in the package.
const program = fileURLToPath(new URL(`./race-process${extname(import.meta.url)}`, import.meta.url))

/** Runs each writer of the plan in a process of its own; all start together. */
export async function raceProcesses(plan: RacePlan, { module, argument = '' }: OtherProcess): Promise<RacedPut[]> {
  const url = module instanceof URL ? module : isAbsolute(module) ? pathToFileURL(module) : new URL(module)
  const children = Array.from({ length: plan.writers }, (_, index) => {
    const task: RaceTask = { module: url.href, argument, plan, writer: index + 1 }
    return fork(program, [JSON.stringify(task)], { execArgv: [], stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  })
  try {
    const writers = children.map(listenTo)
    await Promise.all(writers.map(({ ready }) => ready))
    for (const child of children) child.send('go')
    return (await Promise.all(writers.map(({ puts }) => puts))).flat()
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

function listenTo(child: ChildProcess): { ready: Promise<unknown>; puts: Promise<RacedPut[]> } {
  let complaint = ''
  child.stderr?.on('data', (text) => {
    complaint += text
  })
  const failed = once(child, 'close').then(([code]) => {
    throw new Error(`a racing process ended with ${code}: ${complaint}`)
  })
  const ready = Promise.race([once(child, 'message'), failed])
  const puts = Promise.race([ready.then(() => once(child, 'message')), failed]).then(([answer]) => answer as RacedPut[])
  // Whichever is awaited tells of the failure; the others must not end this process.
  for (const promise of [failed, ready, puts]) promise.catch(() => {})
  return { ready, puts }
}
