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
const events = await readFile(new URL('../../docs/events.md', import.meta.url), 'utf8')
const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
const eventSource = await readFile(new URL('../../src/events.ts', import.meta.url), 'utf8')
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

describe('the tables of events have every event, and no other:', () => {
  const types = [...eventSource.matchAll(/readonly type: '([\w-]+)'/g)].map(([, type]) => type)

  test('the page of events', () => {
    expect(types.length).toBeGreaterThan(0)
    const [, table = ''] = events.split('| event |')
    const rows = [...table.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, type]) => type)
    expect(rows.sort()).toEqual([...types].sort())
  })

  test('the README', () => {
    const [, table = ''] = readme.split('| event |')
    const rows = [...table.matchAll(/^\| (`[\w-]+`(?:, `[\w-]+`)*) \|/gm)].map(([, named = '']) => named)
    const named = rows.flatMap((row) => row.replaceAll('`', '').split(', '))
    expect(named.sort()).toEqual([...types].sort())
  })
})

function shownDefault(value: unknown): string {
  return typeof value === 'number'
    ? value.toLocaleString('en-US')
    : `\`${typeof value === 'string' ? `'${value}'` : value}\``
}
