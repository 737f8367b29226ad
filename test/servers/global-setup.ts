import { decideSources, describeSources } from './decide-sources.ts'
import { publishPostgresTemplate } from './postgres-template.ts'
import { publishSources } from './sources.ts'

/** Decides once for the whole run where servers come from, says it, and fails the run where there are none. */
export default async function setup(): Promise<void> {
  const sources = await decideSources(console.log)
  console.log(describeSources(sources))
  publishSources(sources)
  for (const source of sources.postgres) {
    if (source.kind === 'binary') await publishPostgresTemplate(source)
  }
}
