import type { KeyvStoreEntry, KeyvStoreLike } from '../../adapters/keyv/keyv-source.ts'
import { lineageKey, readRecord, storedKey, storedText } from '../../adapters/keyv/stored-text.ts'
import { isCorrupt } from '../../src/core/record.ts'
import { Connection, type ConnectionParts, type Request } from './connection.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

export interface RemoteStoreParts extends ConnectionParts {
  readonly deadAfterMs: number
}

/**
 * One server as a store of Keyv: it puts whatever it is given in the place of whatever it holds. The replica of the Keyv
 * adapter around it reads, compares and writes.
 */
export class RemoteStore implements KeyvStoreLike {
  readonly #connection: Connection
  readonly #parts: RemoteStoreParts

  constructor(parts: RemoteStoreParts) {
    this.#parts = parts
    this.#connection = new Connection(parts)
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.getMany([key]))[0]
  }

  set(key: string, value: string): Promise<unknown> {
    return this.setMany([{ key, value }])
  }

  async delete(key: string): Promise<boolean> {
    return (await this.deleteMany([key]))[0] === true
  }

  getMany(keys: string[]): Promise<readonly (string | undefined)[]> {
    const apply = (disk: SimulatedDisk) => keys.map((key) => textAt(disk, key))
    return this.#request({ call: 'getMany', size: keys.length, apply })
  }

  setMany(entries: KeyvStoreEntry[]): Promise<readonly boolean[]> {
    const { process, server, watcher } = this.#parts
    const apply = (disk: SimulatedDisk) =>
      entries.map(({ value }) => {
        const record = recordIn(value)
        if (record !== null) disk.place(record)
        const { key, version, kind, payload } = record ?? { key: 'its lineage', version: '', kind: '', payload: '' }
        watcher.applied(process, server.id, 'putManyIfNewer', `${key} ${version} ${kind} ${payload} placed`)
        return true
      })
    return this.#request({ call: 'putManyIfNewer', size: entries.length, apply })
  }

  deleteMany(keys: string[]): Promise<readonly boolean[]> {
    const apply = (disk: SimulatedDisk) => keys.map((key) => disk.remove(keyAt(disk, key) ?? ''))
    return this.#request({ call: 'purgeMany', size: keys.length, apply })
  }

  /** What it holds at the start, in one piece. */
  async *iterator(): AsyncGenerator<[string, string]> {
    const apply = (disk: SimulatedDisk) => {
      const keys = [lineageKey, ...disk.keys.map(storedKey)]
      return [keys.map((key): [string, string] => [key, textAt(disk, key) ?? ''])]
    }
    const [entries] = await this.#request({ call: 'scan', size: 1, apply })
    if (entries === undefined) throw this.#connection.failure('CORRUPT', 'garbled')
    yield* entries
  }

  /** A driver notices some day that its connection is dead, when nothing can arrive by it any more. */
  #request<Answer>(request: Request<readonly Answer[]>): Promise<readonly Answer[]> {
    const { runtime, deadAfterMs } = this.#parts
    return new Promise((resolve, reject) => {
      const cancel = runtime.timers.after(deadAfterMs, () => reject(this.#connection.failure('TIMEOUT', 'dead')))
      this.#connection.request(request).then(resolve, reject).finally(cancel)
    })
  }

  async disconnect(): Promise<void> {
    this.#connection.close()
  }
}

function textAt(disk: SimulatedDisk, stored: string): string | undefined {
  if (stored === lineageKey) return `lineage ${disk.lineage}`
  const key = keyAt(disk, stored)
  const held = key === null ? null : disk.get(key)
  if (held === null) return undefined
  return isCorrupt(held) ? `${held.key.length}:${held.key}damaged` : storedText(held)
}

function keyAt(disk: SimulatedDisk, stored: string): string | null {
  return disk.keys.find((key) => storedKey(key) === stored) ?? null
}

/** Null for a text that is no record. */
function recordIn(text: string) {
  const length = Number.parseInt(text, 10)
  if (!Number.isInteger(length)) return null
  const start = String(length).length + 1
  const record = readRecord(text.slice(start, start + length), text)
  return record === null || isCorrupt(record) ? null : record
}
