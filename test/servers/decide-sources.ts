import { findPostgres, findRedis } from './binaries.ts'
import { installPostgres, installRedis } from './install.ts'
import type { ContainerImage, GivenServers, ServerBinary, ServerSource, ServerSources } from './server-source.ts'

type Say = (line: string) => void

interface Server {
  readonly name: string
  readonly urlsVariable: string
  readonly image: string
  readonly imageEnv: Readonly<Record<string, string>>
  find(): Promise<ServerBinary | null>
  install(say: Say): Promise<ServerBinary>
}

const redis: Server = {
  name: 'redis',
  urlsVariable: 'TEST_REDIS_URL',
  image: process.env.TEST_REDIS_IMAGE ?? 'redis:7-alpine',
  imageEnv: {},
  find: findRedis,
  install: installRedis,
}

const postgres: Server = {
  name: 'PostgreSQL',
  urlsVariable: 'TEST_POSTGRES_URL',
  image: process.env.TEST_POSTGRES_IMAGE ?? 'postgres:17-alpine',
  imageEnv: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
  find: findPostgres,
  install: installPostgres,
}

/**
 * Given URLs first; then containers, the programs of this machine, and programs fetched for the tests, whichever works
 * first. Rejects when nothing does. `say` is told why a source that is there does not do.
 */
export async function decideSources(say: Say): Promise<ServerSources> {
  const images = await workingImages(say)
  return {
    redis: await sourcesOf(redis, images.redis, say),
    postgres: await sourcesOf(postgres, images.postgres, say),
  }
}

export function describeSources(sources: ServerSources): string {
  const all = [
    ...sources.redis.map((source) => describe(redis.name, source)),
    ...sources.postgres.map((source) => describe(postgres.name, source)),
  ]
  return `servers: ${all.join(', ')}`
}

function describe(name: string, source: ServerSource): string {
  if (source.kind === 'binary') return `${name} ${source.version} from ${source.folder}`
  if (source.kind === 'testcontainers') return `${name} from the image ${source.image}`
  return `${name} at ${source.urls.map((url) => new URL(url).host).join(' and ')} (given by URL)`
}

async function sourcesOf(server: Server, image: ContainerImage | null, say: Say): Promise<ServerSource[]> {
  const given = givenUrls(server.urlsVariable)
  try {
    return [...given, image ?? (await server.find()) ?? (await server.install(say))]
  } catch (error) {
    if (given.length === 0) throw new Error(nothingFound(server), { cause: error })
    say(`servers: tests that freeze or kill ${server.name} will fail, because there are only given URLs: ${error}`)
    return given
  }
}

async function workingImages(say: Say): Promise<{ redis: ContainerImage | null; postgres: ContainerImage | null }> {
  const docker = await import('./docker.ts')
  if (!(await docker.isDockerThere())) return { redis: null, postgres: null }
  const prove = async ({ name, image, imageEnv }: Server): Promise<ContainerImage | null> => {
    try {
      await docker.proveImage(image, imageEnv)
      return { kind: 'testcontainers', image }
    } catch (error) {
      say(`servers: a Docker engine is there, but does not give ${name} (${image}): ${error}`)
      return null
    }
  }
  const [redisImage, postgresImage] = await Promise.all([prove(redis), prove(postgres)])
  return { redis: redisImage, postgres: postgresImage }
}

function givenUrls(variable: string): GivenServers[] {
  const urls = (process.env[variable] ?? '')
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '')
  return urls.length === 0 ? [] : [{ kind: 'url', urls }]
}

function nothingFound({ name, urlsVariable }: Server): string {
  return `there is no ${name} server for the tests: install one, start a Docker engine, or set ${urlsVariable}`
}
