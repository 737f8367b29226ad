/**
 * Sessions of a web server on three replicas, with nothing but node:http.
 *
 *   node examples/session-cache.ts
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyv, QuorumError } from '../src/index.ts' // in your project: from 'keyv-quorum'

interface Session {
  readonly visits: number
}

const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-sessions-'))
const files = ['a', 'b', 'c'].map((name) => `sqlite://${join(folder, `${name}.db`)}`)
// In production, three servers: ['redis://cache-1', 'redis://cache-2', 'postgres://db/app'].
// `monotonic`: a user who reloads the page never sees an older session than before.
const sessions = createKeyv(files, { namespace: 'sessions', ttl: 30 * 60_000, reads: 'monotonic' })

const server = createServer(async (request, response) => {
  const id = sessionIdOf(request) ?? crypto.randomUUID()
  try {
    const session: Session = (await sessions.get<Session>(id)) ?? { visits: 0 }
    const visits = session.visits + 1
    await sessions.set(id, { visits })
    response.setHeader('set-cookie', `session=${id}; HttpOnly; SameSite=Lax`)
    response.end(`visit ${visits}\n`)
  } catch (error) {
    // Not "no session": nobody knows whether there is one. So nobody is logged out by a failure.
    response.statusCode = error instanceof QuorumError ? 503 : 500
    response.end('please try again\n')
  }
})

function sessionIdOf(request: IncomingMessage): string | undefined {
  return /(?:^|; )session=([\w-]{36})/.exec(request.headers.cookie ?? '')?.[1]
}

// The first call loads the adapters and opens the files: better now than when visitors wait.
await sessions.get('nobody').catch(() => undefined)

// A visitor comes three times.
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
let cookie = ''
for (let visit = 1; visit <= 3; visit += 1) {
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } })
  cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
  process.stdout.write(await response.text())
}

server.close()
await sessions.disconnect()
await rm(folder, { recursive: true })
