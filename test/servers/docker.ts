import { request } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { GenericContainer, Wait } from 'testcontainers'

/** Whether a Docker engine answers at DOCKER_HOST or at one of the usual sockets. Takes about a millisecond. */
export async function isDockerThere(): Promise<boolean> {
  const { DOCKER_HOST, XDG_RUNTIME_DIR } = process.env
  // An engine on another machine may want certificates: testcontainers knows how, and says so when it fails.
  if (DOCKER_HOST !== undefined && !DOCKER_HOST.startsWith('unix://')) return true
  const sockets =
    DOCKER_HOST === undefined
      ? [
          '/var/run/docker.sock',
          join(homedir(), '.docker/run/docker.sock'),
          ...(XDG_RUNTIME_DIR === undefined ? [] : [join(XDG_RUNTIME_DIR, 'docker.sock')]),
        ]
      : [DOCKER_HOST.slice('unix://'.length)]
  const answers = await Promise.all(sockets.map(isEngine))
  return answers.includes(true)
}

/** Rejects with the reason when a container of the image cannot be started here. */
export async function proveImage(image: string, env: Readonly<Record<string, string>>): Promise<void> {
  const container = await new GenericContainer(image)
    .withEnvironment({ ...env })
    .withWaitStrategy(Wait.forLogMessage(/./))
    .start()
  await container.stop()
}

function isEngine(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 2_000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ping.once('timeout', () => ping.destroy())
    ping.once('error', () => resolve(false))
    ping.end()
  })
}
