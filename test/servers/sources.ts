import type { ServerSources } from './server-source.ts'

/** Hands the decision of the test run on to its worker processes. */
const decisionVariable = 'KEYV_QUORUM_TEST_SERVER_SOURCES'

let decided: Promise<ServerSources> | undefined

/** Where servers come from: decided once a test run, or once a process outside of one. */
export function serverSources(): Promise<ServerSources> {
  decided ??= readDecision()
  return decided
}

export function publishSources(sources: ServerSources): void {
  process.env[decisionVariable] = JSON.stringify(sources)
  decided = Promise.resolve(sources)
}

async function readDecision(): Promise<ServerSources> {
  const text = process.env[decisionVariable]
  if (text !== undefined) return JSON.parse(text) as ServerSources
  const { decideSources } = await import('./decide-sources.ts')
  return decideSources(() => undefined)
}
