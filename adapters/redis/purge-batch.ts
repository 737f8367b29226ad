import { layout, type RecordHead } from '../../src/core/record.ts'
import type { RedisRequest } from './exchange.ts'
import { purgeScript, scriptCommand } from './lua-scripts.ts'
import type { ReadSettings } from './read-batch.ts'
import { elementsOf, inParts, keysAt, type RedisBatch } from './redis-batch.ts'
import type { RedisFailures } from './redis-failures.ts'

export class PurgeBatch implements RedisBatch {
  readonly keys: readonly string[]
  readonly changes = true
  readonly answers: boolean[]
  readonly #heads: readonly RecordHead[]
  readonly #failures: RedisFailures

  constructor(heads: readonly RecordHead[], { stored, failures }: ReadSettings) {
    this.#heads = heads
    this.#failures = failures
    this.keys = heads.map(({ key }) => stored.keyOf(key))
    this.answers = new Array(heads.length).fill(false)
  }

  requests(indexes: readonly number[]): RedisRequest[] {
    return inParts(indexes).map((part) => {
      const versions = part.map((index) => layout.formatMark + (this.#heads[index]?.version ?? ''))
      return { indexes: part, commands: [scriptCommand(purgeScript, keysAt(this.keys, part), versions)] }
    })
  }

  accept({ indexes }: RedisRequest, reply: unknown): void {
    const removed = elementsOf(reply, indexes.length)
    if (removed?.every((count) => count === 0 || count === 1) !== true) {
      throw this.#failures.corrupt('the purge script answered with something else')
    }
    for (const [place, index] of indexes.entries()) this.answers[index] = removed[place] === 1
  }
}
