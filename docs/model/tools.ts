import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const packages = ['spin', 'gcc', 'libc6-dev']

/** @throws Error that says how to install what is missing */
export async function assertTools(): Promise<void> {
  const missing = await missingTools()
  if (missing.length === 0) return
  const advice = `on Debian with "apt-get install ${packages.join(' ')}", or let "npm run model -- --install" do that`
  throw new Error(`${missing.join(' and ')} cannot be run: install what is missing, ${advice}`)
}

/** Installs what is missing with apt-get, which takes root. */
export async function installTools(): Promise<void> {
  if ((await missingTools()).length === 0) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update'], { env })
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env, maxBuffer: 1 << 24 })
}

async function missingTools(): Promise<string[]> {
  const tools = { spin: '-V', gcc: '--version' }
  const missing = await Promise.all(
    Object.entries(tools).map(([program, option]) =>
      run(program, [option]).then(
        () => [],
        () => [program],
      ),
    ),
  )
  return missing.flat()
}
