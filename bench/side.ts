import KeyvRedis from '@keyv/redis'
import { Keyv } from 'keyv'
import { redisReplica } from '../adapters/redis/redis-replica.ts'
import { KeyvQuorum } from '../src/keyv-quorum.ts'
import { runLoad, type Sample } from './load.ts'

/**
 * One side of a comparison, in a process of its own: what a store leaves to the garbage collector or to its timers falls
 * on itself, as it does in an application.
 */
export interface RunRequest {
  readonly operation: 'get' | 'set' | 'fill'
  readonly valueBytes: number
  readonly concurrency: number
  readonly durationMs: number
}

export type RunReply = { readonly sample: Sample } | { readonly failure: string }

const keysCount = 2_000
const [kind, ...urls] = process.argv.slice(2)
const keyv = new Keyv(openStore(), { namespace: 'bench' })

process.on('message', (request: RunRequest) => {
  run(request).then(
    (sample) => process.send?.({ sample } satisfies RunReply),
    (error: unknown) => process.send?.({ failure: String(error) } satisfies RunReply),
  )
})

function openStore(): KeyvQuorum | KeyvRedis<unknown> {
  if (kind === 'quorum') return new KeyvQuorum(urls)
  if (kind === 'unlogged') return new KeyvQuorum(urls.map((url) => redisReplica(url, { changesMax: 0 })))
  return new KeyvRedis(urls[0] ?? '')
}

async function run({ operation, valueBytes, concurrency, durationMs }: RunRequest): Promise<Sample> {
  if (operation === 'fill') await fill(valueBytes)
  return runLoad(operation === 'set' ? (index) => set(index, valueBytes) : get, concurrency, durationMs)
}

async function fill(valueBytes: number): Promise<void> {
  const entries = Array.from({ length: keysCount }, (_, index) => ({
    key: keyFor(index),
    value: valueFor(index, valueBytes),
  }))
  for (let start = 0; start < keysCount; start += 100) await keyv.setMany(entries.slice(start, start + 100))
}

async function get(index: number): Promise<void> {
  if ((await keyv.get(keyFor(index))) === undefined) throw new Error(`${kind} lost ${keyFor(index)}`)
}

async function set(index: number, valueBytes: number): Promise<void> {
  if (!(await keyv.set(keyFor(index), valueFor(index, valueBytes))))
    throw new Error(`${kind} did not set ${keyFor(index)}`)
}

function keyFor(index: number): string {
  return `user:${index % keysCount}`
}

/** Values differ from write to write, because some backends skip the I/O of writing what is there already. */
function valueFor(index: number, bytes: number): string {
  return index.toString(36).padEnd(bytes, 'v')
}
