import { readdirSync, readFileSync } from 'node:fs'
import { createClient } from '@redis/client'
import pg from 'pg'

/** What `/proc` counts in: USER_HZ is 100 on every Linux that Node runs on. */
const msPerTick = 10
/** Commands at least as long as this are noted by Redis, in µs. */
const notedMicroseconds = 200

interface RedisClient {
  sendCommand(command: string[]): Promise<unknown>
  destroy(): void
}

/** Watches a Redis server over a connection of its own. */
export class RedisWatch {
  readonly #client: RedisClient

  private constructor(client: RedisClient) {
    this.#client = client
  }

  static async open(url: string): Promise<RedisWatch> {
    const client = createClient({ url })
    await client.connect()
    await client.sendCommand(['CONFIG', 'SET', 'slowlog-log-slower-than', String(notedMicroseconds)])
    await client.sendCommand(['CONFIG', 'SET', 'slowlog-max-len', '100000'])
    return new RedisWatch(client)
  }

  async cpuMs(): Promise<number> {
    const user = await this.#told('cpu', 'used_cpu_user')
    return (user + (await this.#told('cpu', 'used_cpu_sys'))) * 1_000
  }

  processId(): Promise<number> {
    return this.#told('server', 'process_id')
  }

  /** The longest command since the last call, in ms; 0 for none worth noting. */
  async longestCommandMs(): Promise<number> {
    const reply = (await this.#client.sendCommand(['SLOWLOG', 'GET', '-1'])) as readonly unknown[][]
    await this.#client.sendCommand(['SLOWLOG', 'RESET'])
    return reply.reduce((longest, [, , microseconds]) => Math.max(longest, Number(microseconds) / 1_000), 0)
  }

  close(): void {
    this.#client.destroy()
  }

  async #told(section: string, field: string): Promise<number> {
    const info = String(await this.#client.sendCommand(['INFO', section]))
    return Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(info)?.[1] ?? Number.NaN)
  }
}

/** Reads what the processes of a PostgreSQL server of this machine took, from `/proc`. */
export class PostgresWatch {
  readonly #postmaster: string

  private constructor(postmaster: string) {
    this.#postmaster = postmaster
  }

  static async open(url: string): Promise<PostgresWatch> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const backend = readStat(String(rows[0]?.pid))
    await client.end()
    if (backend === null) throw new Error('the PostgreSQL server does not run on this machine, so its CPU is unknown')
    return new PostgresWatch(backend.parent)
  }

  /** Those that have ended are counted with the one that started them. */
  cpuMs(): number {
    let ticks = 0
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const stat = readStat(pid)
      if (stat === null) continue
      if (pid === this.#postmaster) ticks += stat.own + stat.ended
      else if (stat.parent === this.#postmaster) ticks += stat.own
    }
    return ticks * msPerTick
  }
}

/** The fields of proc(5) that matter, in ticks; null for a process that is gone. */
function readStat(pid: string): { readonly parent: string; readonly own: number; readonly ended: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command name, in brackets, may hold spaces itself. The state, field 3, comes next.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = (field: number) => Number(fields[field - 3])
    return { parent: fields[1] ?? '', own: ticks(14) + ticks(15), ended: ticks(16) + ticks(17) }
  } catch {
    return null
  }
}
