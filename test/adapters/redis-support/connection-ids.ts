import type { RawRedis } from './raw-redis.ts'

/** Of all clients of a server but the one that looks. */
export async function connectionIds(raw: RawRedis): Promise<(string | undefined)[]> {
  const own = `id=${await raw.command('CLIENT', 'ID')}`
  const list = (await raw.command('CLIENT', 'LIST', 'TYPE', 'NORMAL')) as string
  return list
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0])
    .filter((id) => id !== own)
}

export async function hasOneConnection(raw: RawRedis): Promise<boolean> {
  return (await connectionIds(raw)).length === 1
}
