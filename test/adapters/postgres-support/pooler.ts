import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/**
 * What a pooler in transaction mode does to its clients, in front of a real server: it refuses startup parameters that
 * it cannot keep apart for them, and a prepared statement may be gone at the next transaction.
 */
export interface TestPooler extends AsyncDisposable {
  readonly port: number
  /** The startup parameters that it has let pass, by name. */
  readonly parametersSeen: ReadonlySet<string>
}

const known = new Set(['user', 'database', 'client_encoding', 'application_name'])
const readyForQuery = 'Z'
const header = 5

export async function startPooler(targetPort: number): Promise<TestPooler> {
  const parametersSeen = new Set<string>()
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    sockets.add(client)
    client.on('error', () => undefined)
    client.once('data', (startup) => {
      const names = parameterNames(startup)
      const unknown = names.find((name) => !known.has(name))
      if (unknown !== undefined) {
        client.end(errorMessage('08P01', `unsupported startup parameter: ${unknown}`))
        return
      }
      for (const name of names) parametersSeen.add(name)
      const upstream = connect({ port: targetPort, host: '127.0.0.1', noDelay: true })
      sockets.add(upstream)
      upstream.on('error', () => client.destroy())
      upstream.write(startup)
      relay(client, upstream)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    parametersSeen,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** After every transaction the session forgets what it has prepared, as if the next one were on another connection. */
function relay(client: Socket, upstream: Socket): void {
  let isForgetting = false
  const answer = (message: Buffer) => {
    const isReady = String.fromCharCode(message[0] ?? 0) === readyForQuery
    if (isReady && !isForgetting) upstream.write(simpleQuery('DEALLOCATE ALL'))
    // The client hears of the end of its own transaction only when the next one may begin.
    if (isForgetting === isReady) client.write(message)
    if (isReady) isForgetting = !isForgetting
  }
  let rest: Buffer = Buffer.alloc(0)
  client.on('data', (bytes) => upstream.write(bytes))
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => client.destroy())
  upstream.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes])
    for (let message = firstMessage(rest); message !== null; message = firstMessage(rest)) {
      rest = rest.subarray(message.length)
      answer(message)
    }
  })
}

function firstMessage(bytes: Buffer): Buffer | null {
  if (bytes.length < header) return null
  const length = 1 + bytes.readUInt32BE(1)
  return bytes.length < length ? null : bytes.subarray(0, length)
}

function parameterNames(startup: Buffer): string[] {
  const texts = startup.subarray(8).toString().split('\0')
  return texts.filter((text, index) => index % 2 === 0 && text !== '')
}

function simpleQuery(text: string): Buffer {
  return message('Q', Buffer.from(`${text}\0`))
}

function errorMessage(code: string, text: string): Buffer {
  return message('E', Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`))
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(header)
  head.write(type)
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
