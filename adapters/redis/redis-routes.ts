import type { RedisBatch } from './redis-batch.ts'
import type { RedisCall } from './redis-call.ts'
import type { RedisLink } from './redis-link.ts'

/** The servers behind a replica: who holds which key, and how to reach them. */
export interface RedisRoutes {
  /** Performs a batch at the servers that hold its keys, or rejects with a `ReplicaError`. */
  perform(batch: RedisBatch, call: RedisCall): Promise<void>
  /** Links to all servers that may hold a record; rejects when one cannot be reached. */
  masters(call: RedisCall): Promise<readonly RedisLink[]>
  /** A link to one of these servers, by its name. */
  linkTo(name: string, call: RedisCall): Promise<RedisLink>
  /** Which keys are where, in some text that changes when they move; rejects while they do. */
  layout(call: RedisCall): Promise<string>
  /** The name of the link to the server that holds a key; undefined when none is known. */
  nameFor(key: string): string | undefined
  /** Whether all keys share a slot, so that one command may name any of them together. */
  readonly isOneSlot: boolean
  /** Keys of our own, of which every server should hold at least one. */
  readonly markKeys: readonly string[]
  /** Makes no more connections. */
  shut(): void
  /** Closes all connections; calls under way reject. */
  close(): void
}
