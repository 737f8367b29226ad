import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startProxy, type TestProxy } from './proxy.ts'
import { waitUntil } from './wait-until.ts'

/** Answers every byte with the same byte. */
const echo = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => undefined)
  socket.pipe(socket)
})

describe('a proxy', () => {
  let proxy: TestProxy
  let client: Socket

  beforeEach(async () => {
    echo.listen(0, '127.0.0.1')
    await once(echo, 'listening')
    const address = echo.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    proxy = await startProxy(address.port)
    client = await openClient(proxy.port)
  })

  afterEach(async () => {
    client.destroy()
    await proxy.close()
    const closed = once(echo, 'close')
    echo.close()
    await closed
  })

  test('carries bytes both ways, and the end of them', async () => {
    const sent = Buffer.alloc(5_000_000, 'abcdefg')
    const received: Buffer[] = []
    client.on('data', (bytes: Buffer) => received.push(bytes))
    client.end(sent)
    await once(client, 'end')
    expect(Buffer.concat(received).equals(sent)).toBe(true)
  })

  test('resets connections when it is cut, and each new one, until it is healed', async () => {
    proxy.cut()
    await waitUntil(() => client.closed, { what: 'the reset of the connection' })
    const late = connect(proxy.port, '127.0.0.1')
    late.on('error', () => undefined)
    await waitUntil(() => late.closed, { what: 'the reset of the new connection' })
    proxy.heal()
    client = await openClient(proxy.port)
    expect(await ask(client, 'after')).toBe('after')
  })

  test('delivers after it is healed what it held back while it was silent', async () => {
    proxy.silence()
    const answer = ask(client, 'held')
    expect(await Promise.race([answer, sleep(100, 'silence')])).toBe('silence')
    proxy.heal()
    expect(await answer).toBe('held')
  })

  test('holds bytes back as long as it is told', async () => {
    proxy.delayMs = 50
    const sentMs = performance.now()
    expect(await ask(client, 'late')).toBe('late')
    // Once on the way there and once on the way back; a timer may fire a fraction of a millisecond early.
    expect(performance.now() - sentMs).toBeGreaterThan(98)
  })
})

async function openClient(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

async function ask(socket: Socket, text: string): Promise<string> {
  const answer = once(socket, 'data')
  socket.write(text)
  const [bytes] = await answer
  return String(bytes)
}
