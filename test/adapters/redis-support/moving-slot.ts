import type { TestRedisCluster } from '../../servers/redis-cluster.ts'
import { redisCommand } from '../../servers/redis-command.ts'

/** A slot on its way from one master of a cluster to another, as `redis-cli --cluster reshard` moves it. */
export class MovingSlot {
  readonly source: string
  readonly target: string
  readonly #cluster: TestRedisCluster
  readonly #slot: string

  private constructor(cluster: TestRedisCluster, slot: string, source: string, target: string) {
    this.#cluster = cluster
    this.#slot = slot
    this.source = source
    this.target = target
  }

  /** @param key a key of the slot */
  static async begin(cluster: TestRedisCluster, key: string): Promise<MovingSlot> {
    const [first = ''] = cluster.urls
    const slot = String(await redisCommand(first, 'CLUSTER', 'KEYSLOT', key))
    const holders = await Promise.all(cluster.urls.map((url) => holds(url, Number(slot))))
    const source = cluster.urls[holders.indexOf(true)] ?? ''
    const target = cluster.urls[holders.indexOf(false)] ?? ''
    const moving = new MovingSlot(cluster, slot, source, target)
    await redisCommand(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', await nodeId(source))
    await redisCommand(source, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', await nodeId(target))
    return moving
  }

  async moveKeys(...keys: string[]): Promise<void> {
    const port = new URL(this.target).port
    await redisCommand(this.source, 'MIGRATE', '127.0.0.1', port, '', '0', '5000', 'KEYS', ...keys)
  }

  /** Moves the keys that are left, and tells all masters. */
  async finish(): Promise<void> {
    const left = (await redisCommand(this.source, 'CLUSTER', 'GETKEYSINSLOT', this.#slot, '1000')) as string[]
    if (left.length > 0) await this.moveKeys(...left)
    const id = await nodeId(this.target)
    for (const url of [this.target, this.source, ...this.#cluster.urls]) {
      await redisCommand(url, 'CLUSTER', 'SETSLOT', this.#slot, 'NODE', id)
    }
  }
}

async function nodeId(url: string): Promise<string> {
  return String(await redisCommand(url, 'CLUSTER', 'MYID'))
}

async function holds(url: string, slot: number): Promise<boolean> {
  const ranges = (await redisCommand(url, 'CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
  return ranges.some(([first, last, [, port]]) => first <= slot && slot <= last && String(port) === new URL(url).port)
}
