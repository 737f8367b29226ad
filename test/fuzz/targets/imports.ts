import fc from 'fast-check'
import { ConfigError } from '../../../src/errors.ts'
import { ImportError } from '../../../src/import/import-error.ts'
import { importFrom } from '../../../src/import/import-from.ts'
import type { ImportedRecord, ImportTarget } from '../../../src/import/import-target.ts'
import type { ImportableStore } from '../../../src/import/keyv-source.ts'
import { endingLater } from '../documented-errors.ts'
import { hostileText, hostileValue } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import { assertNothingAdded } from '../prototypes.ts'
import type { FuzzTarget } from '../target.ts'

const envelopes = mutatedText(
  fc.constantFrom(
    '{"value":{"n":1},"expires":4102444800000}',
    '{"value":"text"}',
    '{"value":null,"expires":null}',
    '{"value":1,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    `{"value":${'['.repeat(500)}${']'.repeat(500)}}`,
  ),
)
const throwing = fc.constantFrom('value', 'expires', 'then').map((member) => `a getter of ${member} that throws`)
const stored = fc.oneof({ weight: 4, arbitrary: envelopes }, throwing, hostileValue)
const entries = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      { key: hostileText, stored, expiresAtMs: hostileValue, unfit: fc.oneof(fc.constant(undefined), hostileText) },
      { requiredKeys: ['key', 'stored'] },
    ),
  },
  { weight: 1, arbitrary: hostileValue },
)
const pages = fc.array(fc.oneof({ weight: 9, arbitrary: fc.array(entries, { maxLength: 4 }) }, hostileValue), {
  maxLength: 3,
})
const namespaces = fc.option(hostileText, { nil: undefined })

/** What cannot be drawn, because it cannot be looked into, is made at the last moment. */
function made(drawn: unknown): unknown {
  const member = typeof drawn === 'string' ? /^a getter of (\w+) that throws$/.exec(drawn)?.[1] : undefined
  if (member === undefined) return drawn
  const fail = () => {
    throw Object.create(null)
  }
  return Object.defineProperty({ value: 1 }, member, { enumerable: true, get: fail })
}

function withMade(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null || !('stored' in entry)) return entry
  return { ...entry, stored: made(entry.stored) }
}

async function* given(all: readonly unknown[]): AsyncGenerator<never> {
  for (const page of all) yield (Array.isArray(page) ? page.map(withMade) : page) as never
}

/** Takes what is right in form, and nothing else. */
const target: ImportTarget = {
  withNamespace: () => ({ explain: async () => ({ winner: null }) }),
  putImported: async (records) => records.map(taken),
}

function taken({ key, payload, expiresAtMs, version }: ImportedRecord): 'imported' {
  for (const text of [key, payload]) {
    if (!text.isWellFormed() || text.includes('\0')) throw new Error('a text that not every replica can hold')
  }
  if (!/^000000000001[0-9a-f]{16}$/.test(version)) throw new Error(`the version ${version}`)
  if (expiresAtMs !== null && !(expiresAtMs > 0)) throw new Error(`the expiry ${expiresAtMs}`)
  return 'imported'
}

async function bring(source: unknown, namespace: string | undefined): Promise<void> {
  const options = namespace === undefined ? {} : { namespace }
  await endingLater(() => importFrom(source as ImportableStore, target, options), [ConfigError, ImportError])
  assertNothingAdded()
}

/** Old stores that hold anything: entries are imported, skipped with a reason, or the source has failed. */
export const importTarget: FuzzTarget = {
  name: 'imports',
  casesPerRound: 800,
  open: () => ({
    property: fc.asyncProperty(pages, namespaces, async (drawn, namespace) => {
      await bring({ pages: () => given(drawn) }, namespace)
      const pairs = drawn.flat().map((entry): [unknown, unknown] => {
        const { key, stored: held } = (entry ?? {}) as { readonly key?: unknown; readonly stored?: unknown }
        return [key, made(held)]
      })
      await bring(new Map(pairs), namespace)
    }),
  }),
}

/** Sources that are none. */
export const importSourceTarget: FuzzTarget = {
  name: 'import-sources',
  casesPerRound: 400,
  open: () => ({
    property: fc.asyncProperty(hostileValue, namespaces, async (value, namespace) => {
      const method = () => value
      const store = { get: method, set: method, delete: method }
      const sources = [
        value,
        { pages: method },
        { ...store, entries: method },
        { ...store, iterator: method, on: value },
      ]
      for (const source of [...sources, { ...store, getRaw: method, store: value }]) await bring(source, namespace)
    }),
  }),
}
