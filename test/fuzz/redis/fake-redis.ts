import { FakeLog } from './fake-log.ts'
import { fakeScripts, type KeysPage, type ScriptedServer } from './fake-scripts.ts'
import { FakeErrorReply, type Reply } from './reply.ts'

/** So that a dozen keys make several pages. */
const pageKeys = 4

const information: Readonly<Record<string, string>> = {
  server: '# Server\r\nredis_version:7.4.1\r\nrun_id:0123456789abcdef0123456789abcdef01234567\r\n',
  persistence: '# Persistence\r\nloading:0\r\naof_enabled:1\r\n',
  replication: '# Replication\r\nrole:master\r\nmaster_replid2:0\r\nsecond_repl_offset:-1\r\n',
}

/** What the adapter uses of Redis, without a server: every command is answered at once, and by the book. */
export class FakeRedis implements ScriptedServer {
  readonly texts = new Map<string, string>()
  log = new FakeLog()
  readonly #kept = new Map<string, unknown>()
  readonly #knownScripts = new Set<string>()
  #transaction: (readonly string[])[] | null = null

  answer(args: readonly string[]): Reply {
    const [name = '', ...given] = args
    if (this.#transaction !== null && name !== 'EXEC') {
      this.#transaction.push(args)
      return 'QUEUED'
    }
    const command = this.#commands[name]
    return command === undefined ? new FakeErrorReply(`ERR unknown command '${name}'`) : command(given)
  }

  kept<Kept>(key: string, make: () => Kept): Kept {
    if (!this.#kept.has(key)) this.#kept.set(key, make())
    return this.#kept.get(key) as Kept
  }

  page(cursor: string, pattern: string): KeysPage {
    const prefix = pattern.slice(0, -1).replace(/\\(.)/g, '$1')
    const keys = [...this.texts.keys()]
    const end = Number(cursor) + pageKeys
    const found = keys.slice(Number(cursor), end).filter((key) => key.startsWith(prefix))
    return { cursor: end < keys.length ? String(end) : '0', keys: found }
  }

  readonly #commands: Readonly<Record<string, (given: readonly string[]) => Reply>> = {
    INFO: ([section = '']) => information[section] ?? '',
    GET: ([key = '']) => this.#text(key),
    SET: ([key = '', text = '']) => (this.texts.has(key) ? null : this.#setAll([key, text])),
    MGET: (keys) => keys.map((key) => this.#text(key)),
    MSET: (pairs) => this.#setAll(pairs),
    UNLINK: ([key = '']) => Number(this.texts.delete(key) || this.#kept.delete(key)),
    SCAN: ([cursor = '', , pattern = '']) => {
      if (!/^\d+$/.test(cursor)) return new FakeErrorReply('ERR invalid cursor')
      const page = this.page(cursor, pattern)
      return [page.cursor, page.keys]
    },
    XREVRANGE: () => this.log.last(),
    XRANGE: ([, from = '', to = '', , count = '']) => this.log.range(from, to, Number(count)),
    EVALSHA: ([sha1 = '', ...rest]) => (this.#knownScripts.has(sha1) ? this.#run(sha1, rest) : unknownScript()),
    EVAL: ([source = '', ...rest]) => this.#run(source, rest),
    MULTI: () => {
      this.#transaction = []
      return 'OK'
    },
    EXEC: () => this.#execute(),
  }

  #text(key: string): Reply {
    return this.texts.get(key) ?? null
  }

  #run(script: string, [count = '0', ...rest]: readonly string[]): Reply {
    const found = fakeScripts.find(({ source, sha1 }) => source === script || sha1 === script)
    if (found === undefined) return unknownScript()
    this.#knownScripts.add(found.sha1)
    return found.run(this, rest.slice(0, Number(count)), rest.slice(Number(count)))
  }

  #execute(): Reply {
    const queued = this.#transaction ?? []
    this.#transaction = null
    return queued.map((args) => this.answer(args))
  }

  #setAll(pairs: readonly string[]): Reply {
    for (let index = 0; index < pairs.length; index += 2) this.texts.set(pairs[index] ?? '', pairs[index + 1] ?? '')
    return 'OK'
  }
}

function unknownScript(): FakeErrorReply {
  return new FakeErrorReply('NOSCRIPT No matching script. Please use EVAL.')
}
