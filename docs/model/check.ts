import { parseArgs } from 'node:util'
import { type Case, cases, deepCases } from './cases.ts'
import { describeFindings, nameOf } from './findings.ts'
import { type Finding, search } from './search.ts'
import { assertTools, installTools } from './tools.ts'

const searchesAtOnce = 2

/** Searches every model, whole and with each rule left out, and tells what was found, in the order of the cases. */
async function checkModels(chosen: readonly Case[], limitMs: number): Promise<readonly Finding[]> {
  const findings = new Map<Case, Finding>()
  const open = [...chosen]
  const worker = async () => {
    for (let next = open.shift(); next !== undefined; next = open.shift())
      findings.set(next, await search(next, limitMs))
  }
  await Promise.all(Array.from({ length: searchesAtOnce }, worker))
  return chosen.flatMap((each) => findings.get(each) ?? [])
}

function tellStories(findings: readonly Finding[]): void {
  for (const finding of findings) {
    if (finding.story !== '') console.log(`\n${nameOf(finding)}\n${finding.story}`)
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { deep: { type: 'boolean' }, stories: { type: 'boolean' }, install: { type: 'boolean' } },
  })
  if (values.install) await installTools()
  await assertTools()
  const findings = await checkModels(values.deep ? deepCases : cases, values.deep ? 3_600_000 : 300_000)
  console.log(describeFindings(findings))
  tellStories(findings.filter(({ isAsExpected }) => values.stories || !isAsExpected))
  process.exitCode = findings.every(({ isAsExpected }) => isAsExpected) ? 0 : 1
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
