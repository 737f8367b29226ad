import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Case, cases } from './cases.ts'

const run = promisify(execFile)
const searchesAtOnce = 2

interface Finding extends Case {
  readonly states: number
  readonly depth: number
  readonly seconds: number
  /** `unfinished` where the search was not exhaustive, and found nothing. */
  readonly verdict: 'holds' | 'violated' | 'unfinished'
  readonly isAsExpected: boolean
}

/** Searches every model, whole and with each rule left out. Throws where spin or gcc is missing. */
async function checkModels(): Promise<Finding[]> {
  await assertTools()
  const findings: Finding[] = []
  const open = [...cases]
  const worker = async () => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) findings.push(await search(next))
  }
  await Promise.all(Array.from({ length: searchesAtOnce }, worker))
  return findings.sort((a, b) => nameOf(a).localeCompare(nameOf(b)))
}

function describeFindings(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => {
    const { states, depth, seconds, verdict, isAsExpected } = finding
    const figures = [states, depth, seconds.toFixed(1)].map((figure) => String(figure).padStart(9)).join('')
    return `${nameOf(finding).padEnd(66)}${figures}  ${verdict}${isAsExpected ? '' : ', NOT AS EXPECTED'}`
  })
  return [`${'model'.padEnd(66)}${'   states    depth  seconds'}  verdict`, ...rows].join('\n')
}

function nameOf({ model, limits, without }: Case): string {
  return `${model} (${limits.join(' ')})${without === null ? '' : ` without ${without.toLowerCase().replaceAll('_', ' ')}`}`
}

async function assertTools(): Promise<void> {
  for (const [program, option] of [
    ['spin', '-V'],
    ['gcc', '--version'],
  ] as const) {
    await run(program, [option]).catch((cause: unknown) => {
      throw new Error(`${program} is missing: install it, on Debian with "apt-get install spin gcc libc6-dev"`, {
        cause,
      })
    })
  }
}

async function search(each: Case): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-model-'))
  try {
    const defines = [...each.limits, ...(each.without === null ? [] : [`WITHOUT_${each.without}`])]
    const model = join(import.meta.dirname, `${each.model}.pml`)
    await run('spin', ['-a', ...defines.map((define) => `-D${define}`), model], { cwd: folder })
    await run('gcc', ['-O2', '-w', '-DSAFETY', '-DCOLLAPSE', '-o', 'pan', 'pan.c'], { cwd: folder })
    const beganAtMs = performance.now()
    // It ends with an error code for a violation too; what it says tells.
    const { stdout } = await run(join(folder, 'pan'), ['-E', '-m100000', '-w22'], {
      cwd: folder,
      maxBuffer: 1 << 26,
      timeout: 55_000,
    }).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }))
    return findingOf(each, stdout, (performance.now() - beganAtMs) / 1000)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function findingOf(each: Case, output: string, seconds: number): Finding {
  const figure = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? -1)
  const errors = figure(/errors: (\d+)/)
  const isWhole = errors === 0 && !output.includes('max search depth too small') && !output.includes('not completed')
  const verdict = output.includes('assertion violated') ? 'violated' : isWhole ? 'holds' : 'unfinished'
  const states = figure(/(\d+) states, stored/)
  const depth = figure(/depth reached (\d+)/)
  const isAsExpected = verdict === (each.without === null ? 'holds' : 'violated')
  return { ...each, states, depth, seconds, verdict, isAsExpected }
}

if (import.meta.main) {
  try {
    const findings = await checkModels()
    console.log(describeFindings(findings))
    process.exitCode = findings.every(({ isAsExpected }) => isAsExpected) ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
