import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expandEnvironment } from '../../../src/config/environment.ts'
import { loadConfig, type QuorumWish, redact, resolveOptions, resolveQuorum } from '../../../src/config.ts'
import { ConfigError } from '../../../src/errors.ts'
import { redisCluster } from '../../config/facts.ts'
import { ending, endingLater } from '../documented-errors.ts'
import { hostileText, hostileValue } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import { assertHidden, secret } from '../secrets.ts'
import type { FuzzTarget } from '../target.ts'

const optionNames = ['w', 'r', 'reads', 'consistency', 'allowStale', 'deadlineMs', 'callTimeoutMs', 'keyv', 'hintsMax']
const moreNames = ['gcGraceMs', 'sweepEveryMs', 'sweepKeysPerSecond', 'lineage', 'maxClockSkewMs', '__proto__', 'W']
const crons = mutatedText(fc.constantFrom('0 3 * * *', '*/5 * * * * *', '@daily', '0 0 31 2 *', '0 0 L * 5#2'))
const values = fc.oneof(
  hostileValue,
  fc.integer({ min: 0, max: 5 }),
  fc.constantFrom('monotonic', 'linearizable', 'assumed'),
)
const members = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(fc.constantFrom(...optionNames, ...moreNames), values) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('sweepCron'), fc.oneof(crons, hostileText)) },
)
const options = fc.array(members, { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs))
const quorum = { n: 3, r: 2, w: 2, allowStale: false }

export const optionTarget: FuzzTarget = {
  name: 'options',
  casesPerRound: 1_500,
  open: () => ({
    property: fc.property(fc.oneof({ weight: 9, arbitrary: options }, hostileValue), (given) => {
      const resolved = ending(() => resolveOptions(given, redisCluster(3)), [ConfigError])
      if ('result' in resolved && !(resolved.result.r >= 1 && resolved.result.w <= 3)) throw new Error('an odd quorum')
      ending(() => resolveQuorum(given as QuorumWish, quorum, { w: 2, consistency: 'quorum' }), [ConfigError])
      expandEnvironment(given, { HOME: 'a', __proto__: 'b' })
      assertNothingAdded()
    }),
  }),
}

const files: readonly (readonly [extension: string, text: string])[] = [
  ['json', '{"replicas": ["redis://a", {"use": "sqlite", "path": "b.db"}, "postgres://c"], "w": 2, "r": 2}'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what users write in their files
  ['json', '{"replicas": ["redis://${HOST}:6379"], "deadlineMs": 500, "__proto__": {"w": 1}}'],
  ['yaml', 'replicas:\n  - redis://a\n  - { use: postgres, url: "postgres://b" }\nw: 2 # two\nreads: monotonic\n'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what users write in their files
  ['yml', 'defaults: &d { use: redis }\nreplicas:\n  - <<: *d\n    url: redis://${HOST}\n'],
]
const mutatedFile = fc
  .constantFrom(...files)
  .chain(([extension, text]) => mutatedText(fc.constant(text)).map((mutated) => ({ extension, text: mutated })))
/** What code may export is drawn; the code itself is written here, because it is run. */
const moduleFile = fc.oneof(options, hostileValue).map((exported) => ({
  extension: 'mjs',
  text: `export default ${literal(exported)}\n`,
}))

function literal(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined'
  } catch {
    return '() => { throw Object.create(null) }'
  }
}

/** A folder of its own, in which one file after the other is written. */
async function withFolder(
  name: string,
  propertyIn: (write: (extension: string, text: string) => Promise<string>) => fc.IRawProperty<unknown>,
) {
  const folder = await mkdtemp(join(tmpdir(), `keyv-quorum-${name}-`))
  let written = 0
  const write = async (extension: string, text: string) => {
    written += 1
    // Node remembers modules by their names, and reads none twice.
    const path = join(folder, `${extension === 'mjs' ? written : 'config'}.${extension}`)
    await writeFile(path, text)
    return path
  }
  return { property: propertyIn(write), close: () => rm(folder, { recursive: true }) }
}

function fileTarget(
  name: string,
  casesPerRound: number,
  drawn: fc.Arbitrary<{ readonly extension: string; readonly text: string }>,
): FuzzTarget {
  const propertyIn = (write: (extension: string, text: string) => Promise<string>) =>
    fc.asyncProperty(drawn, async ({ extension, text }) => {
      const path = await write(extension, text)
      const loaded = await endingLater(() => loadConfig(path, { HOST: 'h' }), [ConfigError])
      if ('result' in loaded && !Array.isArray(loaded.result.replicas)) throw new Error('no list of replicas')
      assertNothingAdded()
    })
  return { name, casesPerRound, open: () => withFolder(name, propertyIn) }
}

export const configFileTarget = fileTarget('config-files', 400, mutatedFile)

/** Few, because a module that was loaded once stays in memory. */
export const configModuleTarget = fileTarget('config-modules', 5, moduleFile)

/** A file that holds a secret and is wrong somewhere: the message does not repeat it. */
export const configSecretTarget: FuzzTarget = {
  name: 'secrets-in-config',
  casesPerRound: 200,
  open: () =>
    withFolder('secrets-in-config', (write) =>
      fc.asyncProperty(secret, mutatedFile, hostileText, async (hidden, { extension, text }, name) => {
        const uri = JSON.stringify(`redis://user:${hidden}@host`)
        const path = await write(extension, text.replaceAll('"redis://a"', uri).replaceAll('redis://a', uri))
        const loaded = await endingLater(() => loadConfig(path, { HOST: hidden }), [ConfigError])
        if ('refusal' in loaded) assertHidden(loaded.refusal)
        const odd = await endingLater(() => loadConfig(`redis://user:${hidden}@${name}`), [ConfigError])
        if ('refusal' in odd) assertHidden(odd.refusal, redact(`redis://user:${hidden}@${name}`))
      }),
    ),
}
