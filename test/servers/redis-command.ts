import { createClient } from '@redis/client'

/** Sends one command to a Redis server over a connection of its own. */
export async function redisCommand(url: string, ...command: string[]): Promise<unknown> {
  const client = createClient({ url, socket: { connectTimeout: 2_000, reconnectStrategy: false } })
  // Every failure also rejects a call; without a listener it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await client.sendCommand(command)
  } finally {
    if (client.isOpen) client.destroy()
  }
}
