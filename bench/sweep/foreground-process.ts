import { KeyvQuorum } from '../../src/keyv-quorum.ts'
import { runLoad, type Sample } from '../load.ts'
import { keyFor } from './deployment.ts'

/** Run by foreground.ts, in a process of its own: `node foreground-process.ts <number of keys> <uri>…`. */
export type ForegroundRequest = { readonly durationMs: number }
export type ForegroundReply = { readonly sample: Sample } | { readonly failure: string }

const callers = 4
const pauseMs = 2
const [keysText, ...urls] = process.argv.slice(2)
const keysCount = Number(keysText)
const store = new KeyvQuorum(urls, { sweepEveryMs: 0 })

process.on('message', ({ durationMs }: ForegroundRequest) => {
  runLoad(get, callers, durationMs, pauseMs).then(
    (sample) => process.send?.({ sample } satisfies ForegroundReply),
    (error: unknown) => process.send?.({ failure: String(error) } satisfies ForegroundReply),
  )
})

async function get(index: number): Promise<void> {
  const key = keyFor((index * 7_919) % keysCount)
  if ((await store.get(key)) === undefined) throw new Error(`lost ${key}`)
}
