import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { InvalidArgumentError } from 'commander'
import fc from 'fast-check'
import { exitCodes } from '../../../cli/exit-codes.ts'
import { parseCount, parsePartition, parseSeries } from '../../../cli/parse-flags.ts'
import { run } from '../../../cli/run.ts'
import { ending } from '../documented-errors.ts'
import { hostileText } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import { assertHidden, uriWithSecret } from '../secrets.ts'
import type { FuzzTarget } from '../target.ts'

class Heard extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** What a command prints, and what it ends with: never a fault of its own. */
async function told(given: readonly string[]): Promise<string> {
  const [stdout, stderr] = [new Heard(), new Heard()]
  const exitCode = await run(given, { stdout, stderr })
  if (exitCode === exitCodes.ownFault) throw new Error(`a fault of its own: ${stderr.text}`)
  assertNothingAdded()
  return stdout.text + stderr.text
}

const flags = mutatedText(fc.constantFrom('3/16', '1', '5', '6', '10', '999999/999999'))

export const flagTarget: FuzzTarget = {
  name: 'flags',
  casesPerRound: 2_000,
  open: () => ({
    property: fc.property(flags, (text) => {
      ending(() => parseSeries(text), [InvalidArgumentError])
      const count = ending(() => parseCount(text), [InvalidArgumentError])
      if ('result' in count && !(Number.isSafeInteger(count.result) && count.result >= 1))
        throw new Error('an odd count')
      const parsed = ending(() => parsePartition(text), [InvalidArgumentError])
      if ('result' in parsed && !(parsed.result.partition < parsed.result.of)) throw new Error('an odd part')
    }),
  }),
}

const commands = ['status', 'sweep', 'get', 'verify', 'import', 'help']
const options = [
  '--config',
  '-c',
  '--r',
  '--w',
  '--allow-stale',
  '--json',
  '--preview',
  '--keys',
  '--partition',
  '--keyv',
]
const words = fc.oneof(
  fc.constantFrom(...commands, ...options, '--', '-', 'absent.yaml', '--help', '--version'),
  mutatedText(fc.constantFrom(...commands, ...options, '--replica=mysql://host', '--r=2', 'absent.json')),
  hostileText,
)
// Whatever is a URI of SQLite would become a file.
const commandLines = fc.array(words, { maxLength: 6 }).filter((line) => !line.some((word) => /sqlite/i.test(word)))

export const commandTarget: FuzzTarget = {
  name: 'commands',
  casesPerRound: 100,
  open: () => ({ property: fc.asyncProperty(commandLines, async (line) => void (await told(line))) }),
}

const misplaced: fc.Arbitrary<(uri: string) => readonly string[]> = fc.constantFrom(
  (uri: string) => ['status', '--replica', uri, '--replica', 'redis://127.0.0.1:1', '--r', '9'],
  (uri: string) => ['status', `--replica=${uri}`, '--w', '9'],
  (uri: string) => [uri],
  (uri: string) => [`--${uri}`],
  (uri: string) => ['status', uri],
  (uri: string) => ['status', `--replicas=${uri}`],
  (uri: string) => ['status', '--config', uri],
  (uri: string) => ['status', '--r', uri],
  (uri: string) => ['sweep', '--partition', uri, '--config', uri],
)

const isElsewhere = (uri: string) => !/^\s*(?:redis|postgres)/i.test(uri)

/** A connection string in the right place or in a wrong one: what is printed does not repeat what is secret in it. */
export const commandSecretTarget: FuzzTarget = {
  name: 'secrets-in-commands',
  casesPerRound: 80,
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-commands-'))
    const config = join(folder, 'quorum.json')
    await writeFile(config, JSON.stringify({ replicas: [`sqlite://${join(folder, 'a.db')}`] }))
    const property = fc.asyncProperty(uriWithSecret, misplaced, async (uri, place) => {
      assertHidden(await told(place(uri)))
      if (isElsewhere(uri)) assertHidden(await told(['import', uri, '--config', config]))
    })
    return { property, close: () => rm(folder, { recursive: true }) }
  },
}
