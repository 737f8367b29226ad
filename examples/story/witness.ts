import { setImmediate as turnOfEventLoop } from 'node:timers/promises'
import { isCorrupt } from '../../src/core/record.ts'
import type { Version } from '../../src/core/version.ts'
import type { ReadAnswer, Replica, VersionAnswer } from '../../src/replica.ts'

/** What one replica answered about one key. */
export interface Testimony {
  /** The replica's id. */
  readonly replica: string
  readonly call: 'read' | 'put'
  readonly key: string
  /** The version that a read found (null: none), or that a put brought. */
  readonly version: Version | null
  readonly answer: 'found' | 'absent' | 'stored' | 'held' | 'superseded' | 'failed'
}

type Answers = readonly Omit<Testimony, 'replica' | 'call'>[]

/** Stands between the store and its replicas and writes down who answered what, in the order of the answers. */
export class Witness {
  readonly #underWay = new Set<Promise<void>>()
  #testimonies: Testimony[] = []

  /** The same replica, watched. */
  watch(inner: Replica): Replica {
    const { id } = inner
    return {
      id,
      guarantees: inner.guarantees,
      limits: inner.limits,
      getMany: (keys, options) => this.#note(inner.getMany(keys, options), id, 'read', keys, found),
      getVersions: (keys, options) => this.#note(inner.getVersions(keys, options), id, 'read', keys, found),
      putManyIfNewer: (entries, options) => {
        const heads = entries.map(({ record }) => record)
        const keys = heads.map(({ key }) => key)
        const put = inner.putManyIfNewer(entries, options)
        return this.#note(put, id, 'put', keys, (outcome, index) => ({
          version: heads[index]?.version ?? null,
          answer: outcome.status,
        }))
      },
      purgeMany: (heads, options) => inner.purgeMany(heads, options),
      scan: (range, options) => inner.scan(range, options),
      lineage: (options) => this.#watch(inner.lineage(options)),
      close: () => inner.close(),
    }
  }

  /** All testimonies since the last time, in the order of the answers. */
  take(): readonly Testimony[] {
    const taken = this.#testimonies
    this.#testimonies = []
    return taken
  }

  /**
   * Resolves when every call has been answered, and the store has heard the answers: a caller is answered at r or w,
   * the rest comes a little later, and the store, further away, hears of it later than the witness.
   */
  async settled(): Promise<void> {
    do {
      await Promise.all(this.#underWay)
      await turnOfEventLoop()
    } while (this.#underWay.size > 0)
  }

  /** Nobody testifies to it, but what was asked for waits until it is known. */
  #watch<Answer>(call: Promise<Answer>): Promise<Answer> {
    const watched: Promise<void> = call
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => this.#underWay.delete(watched))
    this.#underWay.add(watched)
    return call
  }

  #note<Answer>(
    call: Promise<readonly Answer[]>,
    replica: string,
    kind: Testimony['call'],
    keys: readonly string[],
    read: (answer: Answer, index: number) => Pick<Testimony, 'version' | 'answer'>,
  ): Promise<readonly Answer[]> {
    const add = (answers: Answers) => {
      for (const answer of answers) this.#testimonies.push({ replica, call: kind, ...answer })
    }
    const noted: Promise<void> = call
      .then(
        (answers) =>
          add(
            keys.flatMap((key, index) => {
              const answer = answers[index]
              return answer === undefined ? [] : [{ key, ...read(answer, index) }]
            }),
          ),
        () => add(keys.map((key) => ({ key, version: null, answer: 'failed' }))),
      )
      .finally(() => this.#underWay.delete(noted))
    this.#underWay.add(noted)
    return call
  }
}

function found(answer: ReadAnswer | VersionAnswer): Pick<Testimony, 'version' | 'answer'> {
  if (answer === null) return { version: null, answer: 'absent' }
  return isCorrupt(answer) ? { version: null, answer: 'failed' } : { version: answer.version, answer: 'found' }
}
