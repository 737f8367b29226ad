import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Case } from './cases.ts'

const run = promisify(execFile)
const outputBytesMax = 1 << 26

export interface Finding extends Case {
  readonly states: number
  readonly depth: number
  readonly seconds: number
  /** `unfinished` where the search was not exhaustive, and found nothing. */
  readonly verdict: 'holds' | 'violated' | 'unfinished'
  readonly isAsExpected: boolean
  /** How the violation came about, a line for each step; empty for none, and for models that print nothing. */
  readonly story: string
}

/** Goes through all that can happen in the model, or until something happens that must not; gives up after the limit. */
export async function search(each: Case, limitMs: number): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-model-'))
  try {
    const model = join(import.meta.dirname, `${each.model}.pml`)
    const defines = [...each.limits, ...(each.without === null ? [] : [`WITHOUT_${each.without}`])].map(
      (define) => `-D${define}`,
    )
    await run('spin', ['-a', ...defines, model], { cwd: folder })
    // A violation is found in a second or two; to optimize for that takes longer.
    const optimization = each.isNeeded ? '-O0' : '-O1'
    await run('gcc', [optimization, '-w', '-DSAFETY', '-o', 'pan', 'pan.c'], { cwd: folder })
    const beganAtMs = performance.now()
    const output = await outputOf(join(folder, 'pan'), ['-E', '-m100000', '-w24'], folder, limitMs)
    const finding = findingOf(each, output, (performance.now() - beganAtMs) / 1000)
    if (finding.verdict !== 'violated') return finding
    return { ...finding, story: await storyOf(each, [...defines, model], folder) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What the model prints on the way to the violation; spin adds a summary of its own, and leaves files where it runs. */
async function storyOf({ model }: Case, source: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await run('spin', ['-T', '-k', `${model}.pml.trail`, ...source], {
    cwd,
    maxBuffer: outputBytesMax,
  })
  return stdout.slice(0, Math.max(0, stdout.search(/^spin: /m))).trimEnd()
}

/** The search ends with an error code for a violation too; what it says tells. */
async function outputOf(program: string, options: readonly string[], cwd: string, timeout: number): Promise<string> {
  const limits = { cwd, timeout, maxBuffer: outputBytesMax }
  const { stdout } = await run(program, options, limits).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? '',
  }))
  return stdout
}

function findingOf(each: Case, output: string, seconds: number): Finding {
  const figure = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? -1)
  const errors = figure(/errors: (\d+)/)
  const isWhole = errors === 0 && !output.includes('max search depth too small') && !output.includes('not completed')
  const verdict = output.includes('assertion violated') ? 'violated' : isWhole ? 'holds' : 'unfinished'
  return {
    ...each,
    states: figure(/(\d+) states, stored/),
    depth: figure(/depth reached (\d+)/),
    seconds,
    verdict,
    isAsExpected: verdict === (each.isNeeded ? 'violated' : 'holds'),
    story: '',
  }
}
