/** `npm start`: the story of leaderless replication, live. `npm start -- --help` says more. */
import { ConfigError, QuorumError, ReplicaError } from '../../src/index.ts'
import {
  assertDistinct,
  assertReachable,
  type Cast,
  closeCast,
  embeddedCast,
  givenCast,
  UnreachableError,
} from './cast.ts'
import { StoryError } from './claims.ts'
import { helpText, readCommandLine, UsageError } from './command-line.ts'
import { Interruption, Narrator } from './narrator.ts'
import { newNamespace, tellStory } from './story.ts'
import { tidy } from './tidy.ts'
import { Witness } from './witness.ts'

const ownServers =
  'Over servers of your own:\n  npm start -- --replica redis://… --replica postgres://… --replica sqlite://…'
const exitCodes = { told: 0, failed: 1, notUnderstood: 2, interrupted: 130 } as const

process.exitCode = await run(process.argv.slice(2))

async function run(given: readonly string[]): Promise<number> {
  try {
    const { help, replicas } = readCommandLine(given)
    if (help) process.stdout.write(helpText)
    else await perform(replicas)
    return exitCodes.told
  } catch (error) {
    return explain(error)
  }
}

async function perform(replicas: readonly string[]): Promise<void> {
  const startedMs = performance.now()
  const witness = new Witness()
  const narrator = new Narrator(process.stdout, interruption())
  const cast = replicas.length === 0 ? await embeddedCast(witness) : givenCast(replicas, witness)
  try {
    assertDistinct(cast)
    await assertReachable(cast)
    const { claimsChecked } = await tellAndTidy(cast, witness, narrator)
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    narrator.note(`The end: ${claimsChecked} claims were checked while the story was told, in ${seconds} s.`)
    if (replicas.length === 0) narrator.note(ownServers)
  } finally {
    await closeCast(cast)
  }
}

async function tellAndTidy(cast: Cast, witness: Witness, narrator: Narrator) {
  const namespace = newNamespace()
  try {
    return await tellStory(cast, witness, narrator, namespace)
  } finally {
    await witness.settled()
    for (const line of await tidy(cast, namespace)) narrator.note(line)
  }
}

/** Ctrl-C, or a pager that was left, ends the story at its next line; what it wrote is removed all the same. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  const interrupt = () => controller.abort(new Interruption('interrupted'))
  process.once('SIGINT', interrupt)
  process.stdout.on('error', interrupt)
  return controller.signal
}

function explain(error: unknown): number {
  if (error instanceof UsageError || error instanceof ConfigError) {
    console.error(`${error.message}\n\nSee npm start -- --help`)
    return exitCodes.notUnderstood
  }
  if (error instanceof Interruption) return exitCodes.interrupted
  console.error(reasonFor(error))
  return exitCodes.failed
}

function reasonFor(error: unknown): string {
  if (error instanceof StoryError) return `The story did not go as told. This does not hold: ${error.message}`
  if (error instanceof UnreachableError) return error.message
  if (error instanceof QuorumError || error instanceof ReplicaError) {
    return `The story had to stop. ${error.name} ${error.code}: ${error.message}`
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
