import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { openReplica } from '../../adapters/open.ts'
import { defaults } from '../../src/config/defaults.ts'
import { expandEnvironment } from '../../src/config/environment.ts'
import { optionsSchema } from '../../src/config/options.ts'
import { parseOptions } from '../../src/config.ts'

const configuration = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
const errors = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8')
const errorSource = await readFile(new URL('../../src/errors.ts', import.meta.url), 'utf8')

describe('the page of the configuration', () => {
  test('has every option, and no other', () => {
    const [, table = ''] = configuration.split('\n## Options\n')
    const rows = table.slice(0, table.indexOf('\n\nUnknown')).matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)
    const documented = Object.fromEntries([...rows].map(([, name, value = '']) => [name, value.trim()]))
    expect(Object.keys(documented).sort()).toEqual(Object.keys(optionsSchema.entries).sort())

    const withDefault = Object.entries(defaults).map(([name, value]) => [name, shownDefault(value)])
    expect(documented).toMatchObject(Object.fromEntries(withDefault))
  })

  test.each([...configuration.matchAll(/```(yaml|json)\n([\s\S]*?)```/g)].map(([, kind, text]) => [kind, text]))(
    'has %s that is taken as it stands',
    async (_, text = '') => {
      const { value } = expandEnvironment(parse(text), { REDIS_PASSWORD: 'a', PG_PASSWORD: 'b' })
      const { replicas, ...options } = value as { readonly replicas: readonly string[] }
      parseOptions(options)
      expect(replicas).toHaveLength(3)
      for (const source of replicas) await openReplica(source, 'replicas[0]').close()
    },
  )
})

test('the page of errors has a heading for every code', () => {
  const headings = [...errors.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
  const codes = [...new Set([...errorSource.matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g)].map(([, code]) => code))]
  expect(codes.length).toBeGreaterThan(0)
  expect(headings.sort()).toEqual(codes.sort())
})

function shownDefault(value: unknown): string {
  return typeof value === 'number'
    ? value.toLocaleString('en-US')
    : `\`${typeof value === 'string' ? `'${value}'` : value}\``
}
