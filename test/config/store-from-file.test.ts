import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigError, KeyvQuorum, loadConfig } from '../../src/index.ts'
import { configErrorOf } from './facts.ts'

test('a store runs as its file says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keyv-quorum-file-'))
  const path = join(folder, 'quorum.yaml')
  await writeFile(
    path,
    `
replicas:
  - sqlite://\${FOLDER}/a.db
  - { use: sqlite, path: "\${FOLDER}/b.db", id: b }
  - { use: memory }
singleProcess: true
w: 3
deadlineMs: 30000
callTimeoutMs: 30000
`,
  )
  const { replicas, ...options } = await loadConfig(path, { FOLDER: folder })
  const store = new KeyvQuorum(replicas, options)
  try {
    expect(store.replicas.map(({ id }) => id)).toEqual([`sqlite:${join(folder, 'a.db')}`, 'b', 'memory:3'])
    expect(await store.set('key', 'value')).toBe(true)
    expect(await store.get('key')).toBe('value')
    expect(store.guarantees.entries.find(({ id }) => id === 'G5')?.because).toContain('= 3 - 3 = 0')
  } finally {
    await store.disconnect()
    await rm(folder, { recursive: true })
  }
})

test.each([
  ['no list', () => new KeyvQuorum('redis://a' as never), 'replicas'],
  ['an empty list', () => new KeyvQuorum([]), 'replicas'],
  ['a source that is none', () => new KeyvQuorum(['memory://', './a.db']), 'replicas[1]'],
  ['one server twice', () => new KeyvQuorum(['memory://a', 'memory://a']), 'replicas[1].id'],
  ['options that do not fit', () => new KeyvQuorum(['memory://', 'memory://'], { w: 1 }), 'w'],
])('a store of %s is refused', (_, open, field) => {
  const error = configErrorOf(open)
  expect(error).toBeInstanceOf(ConfigError)
  expect(error.field).toBe(field)
})
