import { decodeHead } from '../../src/core/record.ts'
import type { ReadAnswer, VersionAnswer } from '../../src/replica.ts'
import { decodeOnce } from './decode-once.ts'
import type { RedisRequest } from './exchange.ts'
import { headsScript, scriptCommand } from './lua-scripts.ts'
import { elementsOf, inParts, isTextOrNull, keysAt, type RedisBatch } from './redis-batch.ts'
import type { RedisFailures } from './redis-failures.ts'
import type { StoredKeys } from './stored-keys.ts'

export interface ReadSettings {
  readonly stored: StoredKeys
  readonly failures: RedisFailures
}

abstract class KeyedBatch<Answer> implements RedisBatch {
  readonly keys: readonly string[]
  readonly changes = false
  readonly answers: Answer[]
  readonly #recordKeys: readonly string[]
  readonly #failures: RedisFailures

  constructor(recordKeys: readonly string[], { stored, failures }: ReadSettings) {
    this.#recordKeys = recordKeys
    this.#failures = failures
    this.keys = recordKeys.map((key) => stored.keyOf(key))
    this.answers = new Array(recordKeys.length)
  }

  abstract requests(indexes: readonly number[]): RedisRequest[]
  protected abstract answerOf(key: string, text: string | null): Answer

  accept({ indexes }: RedisRequest, reply: unknown): void {
    const texts = elementsOf(reply, indexes.length)
    if (texts === null) throw this.#failures.corrupt('a read was answered with something else')
    for (let place = 0; place < indexes.length; place += 1) {
      const index = indexes[place] ?? 0
      const text = texts[place]
      if (!isTextOrNull(text)) throw this.#failures.corrupt('a read was answered with something that is no text')
      this.answers[index] = this.answerOf(this.#recordKeys[index] ?? '', text)
    }
  }
}

/**
 * Whole records. A key that another program gave another type reads as absent, like one that it deleted: telling the
 * two apart would cost every miss a second question. A put replaces it.
 */
export class ReadBatch extends KeyedBatch<ReadAnswer> {
  override requests(indexes: readonly number[]): RedisRequest[] {
    return inParts(indexes).map((part) => ({
      indexes: part,
      commands: [{ args: ['MGET', ...keysAt(this.keys, part)] }],
    }))
  }

  protected override answerOf(key: string, text: string | null): ReadAnswer {
    return text === null ? null : decodeOnce(key, text)
  }
}

/** Heads alone; values never leave the server. */
export class HeadsBatch extends KeyedBatch<VersionAnswer> {
  override requests(indexes: readonly number[]): RedisRequest[] {
    return inParts(indexes).map((part) => ({
      indexes: part,
      commands: [scriptCommand(headsScript, keysAt(this.keys, part), [])],
    }))
  }

  protected override answerOf(key: string, text: string | null): VersionAnswer {
    return text === null ? null : decodeHead(key, text)
  }
}
