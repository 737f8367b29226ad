import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { startRedis } from '../test/servers/redis.ts'
import type { TestServer } from '../test/servers/test-server.ts'
import type { Sample } from './load.ts'
import type { RunReply, RunRequest } from './side.ts'

/** A store under test in a process of its own, with servers of its own. Stopped whenever it is not its turn. */
export class Contender {
  readonly name: string
  readonly servers: readonly TestServer[]
  readonly #process: ChildProcess

  constructor(name: string, servers: readonly TestServer[], process: ChildProcess) {
    this.name = name
    this.servers = servers
    this.#process = process
  }

  /** What everyone runs today: one Keyv over one Redis. */
  static single(): Promise<Contender> {
    return Contender.#start('Keyv + @keyv/redis, 1 Redis', 'single', 1)
  }

  static quorum(name = 'Keyv + keyv-quorum, 3 Redis'): Promise<Contender> {
    return Contender.#start(name, 'quorum', 3)
  }

  /** Keeps no log of changes, so that it has to compare everything in each sweep. */
  static unlogged(): Promise<Contender> {
    return Contender.#start('the same, no log of changes', 'unlogged', 3)
  }

  static async #start(name: string, kind: string, serversCount: number): Promise<Contender> {
    const servers = await Promise.all(Array.from({ length: serversCount }, () => startRedis({ controllable: true })))
    const process = fork(new URL('./side.ts', import.meta.url), [kind, ...servers.map(({ url }) => url)])
    return new Contender(name, servers, process)
  }

  async run(request: RunRequest): Promise<Sample> {
    this.#process.kill('SIGCONT')
    this.#process.send(request)
    const [reply] = (await once(this.#process, 'message')) as [RunReply]
    if ('failure' in reply) throw new Error(`${this.name}: ${reply.failure}`)
    this.#process.kill('SIGSTOP')
    return reply.sample
  }

  async close(): Promise<void> {
    this.#process.kill('SIGKILL')
    await Promise.all(this.servers.map((server) => server.stop()))
  }
}
