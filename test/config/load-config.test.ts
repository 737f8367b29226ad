// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what the files hold, not templates of this one
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { configRejectionOf } from './facts.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-config-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const environment = { REDIS_PASSWORD: 's3cret', HOST: 'db', EMPTY: '' }

describe('what files may hold', () => {
  const expected = { replicas: ['redis://:s3cret@a', { use: 'sqlite', path: './c.db' }], r: 2, reads: 'monotonic' }

  const yaml = `
replicas:
  - redis://:\${REDIS_PASSWORD}@a
  - { use: sqlite, path: ./c.db }
r: 2
reads: monotonic
`
  const json = JSON.stringify({ ...expected, replicas: ['redis://:${REDIS_PASSWORD}@a', expected.replicas[1]] })
  const literal = JSON.stringify(expected)

  test.each([
    ['a.yaml', yaml],
    ['a.yml', yaml],
    ['a.json', json],
    ['marked.json', `\uFEFF${json}`],
    ['A.JSON', json],
    ['object.js', `export default ${literal}`],
    ['function.mjs', `export default async () => (${literal})`],
    ['common.cjs', `module.exports = ${literal}`],
    ['typed.ts', `const reads: string = 'monotonic'\nexport default () => ({ ...${literal}, reads })`],
  ])('%s', async (name, text) => {
    expect(await loadConfig(await fileOf(name, text), environment)).toEqual(expected)
  })

  test('a module is code, so its strings are left as they are', async () => {
    const path = await fileOf('dollar.mjs', "export default { replicas: ['redis://${HOST}'] }")
    expect((await loadConfig(path, environment)).replicas).toEqual(['redis://${HOST}'])
  })
})

describe('variables', () => {
  test.each([
    ['in the middle', 'redis://${HOST}/0', 'redis://db/0'],
    ['several', '${HOST}${HOST}', 'dbdb'],
    ['empty, yet set', 'redis://${EMPTY}a', 'redis://a'],
    ['written out', '$${HOST}', '${HOST}'],
    ['that hold a dollar are not looked into again', '${NESTED}', '${HOST}$&'],
    ['and other dollars', '$HOST $', '$HOST $'],
  ])('%s', async (_, text, expected) => {
    const path = await fileOf('variables.json', JSON.stringify({ replicas: [{ use: 'redis', url: text }] }))
    const { replicas } = await loadConfig(path, { ...environment, NESTED: '${HOST}$&' })
    expect(replicas).toEqual([{ use: 'redis', url: expected }])
  })

  test.each([
    ['one that is not set', 'redis://${MISSING}', 'the environment variable MISSING to be set'],
    ['one that every object has', '${toString}', 'the environment variable toString to be set'],
    [
      'one without its brace',
      'redis://${HOST',
      "a variable's name and } after ${, as in ${NAME}, or $${ for the characters ${ themselves",
    ],
    [
      'one with a default, which is not known here',
      '${HOST:-s3cret}',
      "a variable's name and } after ${, as in ${NAME}, or $${ for the characters ${ themselves",
    ],
  ])('%s', async (_, url, expected) => {
    const path = await fileOf('missing.json', JSON.stringify({ replicas: ['redis://a', { use: 'redis', url }] }))
    const error = await configRejectionOf(loadConfig(path, environment))
    expect(error).toMatchObject({ field: 'replicas[1].url', expected: `${expected} (in ${path})` })
  })

  test('all that are missing are named', async () => {
    const path = await fileOf('two.yaml', 'replicas: ["${A}", "${B}"]')
    const error = await configRejectionOf(loadConfig(path, {}))
    expect(error.message.split('\n')).toEqual([
      'replicas[0]: expected the environment variable A to be set',
      'replicas[1]: expected the environment variable B to be set',
      `(in ${path})`,
    ])
  })
})

describe('files that are wrong', () => {
  const extensions = '.json, .yaml, .yml, .js, .mjs, .cjs, .ts, .mts'
  const notJson = 'valid JSON (double quotes, no comments, no trailing commas)'
  const aModule = 'a module that loads and whose default export is the configuration'

  test.each([
    ['a.toml', '', `a file that ends in one of ${extensions}`],
    ['noextension', '', `a file that ends in one of ${extensions}`],
    ['broken.json', '{"replicas": [\n"redis://:s3cret@a"\n"b"]}', `${notJson}; it stops being JSON at line 3 column 1`],
    ['words.json', '{"password": s3cret}', notJson],
    ['tab.yaml', 'replicas:\n\t- s3cret', 'valid YAML; line 2, column 1 is not (TAB_AS_INDENT)'],
    ['twice.yaml', 's3cret: 1\ns3cret: 2', 'valid YAML; line 2, column 1 is not (DUPLICATE_KEY)'],
    ['tag.yaml', 'replicas: [!vault s3cret]', 'valid YAML; line 1, column 12 is not (TAG_RESOLVE_FAILED)'],
    ['alias.yaml', 'replicas: [*s3cret]', 'YAML whose aliases name an anchor above them, and not too many of them'],
    ['empty.yaml', '', 'an object with a list called replicas, not null'],
    ['list.yaml', '- redis://a', 'an object with a list called replicas, not an array'],
    ['empty.mjs', '', 'an object with a list called replicas, not nothing'],
    ['throws.mjs', 'throw new Error("no")', aModule],
    ['rejects.mjs', 'export default () => Promise.reject(new Error("no"))', aModule],
    ['needs.mjs', 'import "keyv-quorum-no-such-package"', `${aModule} (ERR_MODULE_NOT_FOUND)`],
  ])('%s', async (name, text, expected) => {
    const path = await fileOf(name, text)
    const error = await configRejectionOf(loadConfig(path, {}))
    expect(error).toMatchObject({ field: path, expected })
    expect(inspectable(error)).not.toContain('s3cret')
  })

  test('one that is not there', async () => {
    const path = join(folder, 'absent.yaml')
    expect(await configRejectionOf(loadConfig(path))).toMatchObject({
      field: path,
      expected: 'a file that can be read (ENOENT)',
    })
  })

  test('a path that is none', async () => {
    expect((await configRejectionOf(loadConfig(null as unknown as string))).field).toBe('path')
  })

  test('a connection string in place of a path keeps its password', async () => {
    for (const path of ['redis://u:s3cret@a', 'redis://u:s3cret@a.yaml', 'redis://u:s3cret@a.mjs']) {
      expect(inspectable(await configRejectionOf(loadConfig(path)))).not.toContain('s3cret')
    }
  })

  test('aliases that multiply are refused', async () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
    const path = await fileOf('laughs.yaml', `l0: &l0 ha\n${levels.join('\n')}`)
    expect((await configRejectionOf(loadConfig(path))).field).toBe(path)
  })

  test('an anchor inside itself is refused', async () => {
    const path = await fileOf('cycle.yaml', 'replicas: &a [*a]')
    await configRejectionOf(loadConfig(path))
  })
})

describe('contents that are wrong', () => {
  test.each([
    ['no replicas', { r: 1 }, 'replicas', 'a list of replicas, not nothing'],
    ['replicas in a text', { replicas: 'redis://a' }, 'replicas', 'a list of replicas, not a string'],
    ['an empty list', { replicas: [] }, 'replicas', 'at least one replica, not an array'],
    ['a number for a replica', { replicas: ['redis://a', 6379] }, 'replicas[1]', 'a URI or an object, not 6379'],
    ['null for a replica', { replicas: [null] }, 'replicas[0]', 'a URI or an object, not null'],
    ['a slip', { replicas: ['a'], replica: [] }, 'replica', 'a known option: did you mean replicas?'],
    ['an option', { replicas: ['a'], w: '2' }, 'w', 'a whole number of replicas, 1 or more, not a string'],
    [
      'the times',
      { replicas: ['a'], callTimeoutMs: 6000 },
      'callTimeoutMs',
      'at most deadlineMs, by default 5000, not 6000',
    ],
  ])('%s', async (_, content, field, expected) => {
    const path = await fileOf('content.json', JSON.stringify(content))
    expect(await configRejectionOf(loadConfig(path))).toMatchObject({
      field,
      expected: `${expected} (in ${path})`,
      message: `${field}: expected ${expected} (in ${path})`,
    })
  })

  test('a key called __proto__ puts nothing in', async () => {
    const json = await fileOf('proto.json', '{"replicas": ["a"], "__proto__": {"w": 1}}')
    const yaml = await fileOf('proto.yaml', 'replicas: [a]\n__proto__: { w: 1 }')
    for (const path of [json, yaml]) expect((await configRejectionOf(loadConfig(path))).field).toBe('__proto__')
    expect(Object.hasOwn(Object.prototype, 'w')).toBe(false)
  })
})

/** All that a log would show of an error. */
function inspectable(error: Error): string {
  return [error.message, error.stack, String(error.cause), JSON.stringify(error)].join('\n')
}
