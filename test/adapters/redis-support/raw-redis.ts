import { createClient } from '@redis/client'

/** A plain connection to one server, to look at it and to meddle with it behind an adapter's back. */
export interface RawRedis extends AsyncDisposable {
  command(...args: string[]): Promise<unknown>
}

export async function connectRaw(url: string): Promise<RawRedis> {
  const client = createClient({ url })
  client.on('error', () => undefined)
  await client.connect()
  return {
    command: (...args) => client.sendCommand(args),
    async [Symbol.asyncDispose]() {
      client.destroy()
    },
  }
}
