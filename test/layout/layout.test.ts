import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importCycles } from './cycles.ts'
import { importsAgainstTheOrder, importsOfDrivers, importsOfTheCore } from './layers.ts'
import { longFiles, longFunctions } from './sizes.ts'
import { type Breach, parseSourceFile, readSourceFiles, type SourceFile } from './source-file.ts'
import { realTimeAndChance } from './time-and-chance.ts'
import { anyTypes, fileNamesNotInKebabCase, testsThatDoNotRun, unfinishedComments, vagueFileNames } from './words.ts'

interface Rule {
  readonly name: string
  readonly find: (files: readonly SourceFile[]) => Breach[]
  /** Each of these alone must be found, or the rule would prove nothing. */
  readonly planted: readonly (readonly [path: string, text: string])[]
  /** What comes near a breach and is none. */
  readonly innocent?: readonly (readonly [path: string, text: string])[]
}

const rules: readonly Rule[] = [
  {
    name: 'imports go one way',
    find: importsAgainstTheOrder,
    planted: [
      ['src/core/read.ts', "import { systemRuntime } from '../runtime.ts'"],
      ['src/replica.ts', "import type { Event } from './events.ts'"],
      ['src/wrap/breaker.ts', "import { scatter } from '../coordinator/scatter.ts'"],
      ['src/coordinator/scatter.ts', "export { sweep } from '../background/sweep.ts'"],
      ['src/background/sweep.ts', "type Store = import('../keyv-quorum.ts').KeyvQuorum"],
      ['src/keyv-quorum.ts', "const { main } = await import('../cli/main.ts')"],
      ['adapters/redis/redis-replica.ts', "import { Coordinator } from '../../src/coordinator/coordinator.ts'"],
      ['adapters/redis/redis-replica.ts', "import { MemoryReplica } from '../memory/memory-replica.ts'"],
      ['src/index.ts', "import { startRedis } from '../test/servers/redis.ts'"],
      ['test/conformance/suite.ts', "import { startRedis } from '../servers/redis.ts'"],
    ],
    innocent: [
      ['src/coordinator/scatter.ts', "import type { Replica } from '../replica.ts'"],
      ['adapters/open.ts', "const { MemoryReplica } = await import('./memory/memory-replica.ts')"],
      ['test/core/read.test.ts', "import { KeyvQuorum } from '../../src/index.ts'"],
    ],
  },
  {
    name: 'the core borrows nothing but a checksum',
    find: importsOfTheCore,
    planted: [
      ['src/core/hash.ts', "import { createHash } from 'node:crypto'"],
      ['src/core/hash.ts', "import zlib from 'node:zlib'"],
      ['src/core/hash.ts', "import { crc32, gzip } from 'node:zlib'"],
    ],
    innocent: [['src/core/hash.ts', "import { crc32 } from 'node:zlib'"]],
  },
  {
    name: 'drivers are loaded lazily',
    find: importsOfDrivers,
    planted: [
      ['adapters/postgres/pool.ts', "import pg from 'pg'"],
      ['adapters/redis/client.ts', "import type { RedisClientType } from '@redis/client'"],
    ],
    innocent: [['adapters/postgres/pool.ts', "const { default: pg } = await import('pg')"]],
  },
  {
    name: 'real time and chance come in by src/runtime.ts',
    find: realTimeAndChance,
    planted: [
      ['src/engine.ts', 'const now = Date.now()'],
      ['src/engine.ts', 'const today = new Date()'],
      ['src/engine.ts', 'const later = setTimeout'],
      ['src/core/read.ts', 'const chance = Math.random()'],
      ['src/wrap/breaker.ts', 'const start = performance.now()'],
      ['adapters/redis/lane.ts', 'process.nextTick(flush)'],
      ['adapters/redis/lane.ts', "import { setTimeout as sleep } from 'node:timers/promises'"],
      ['adapters/redis/lane.ts', "import { randomUUID } from 'node:crypto'"],
    ],
    innocent: [
      ['src/runtime.ts', 'const now = Date.now()'],
      ['src/engine.ts', '// Not Date.now(): setTimeout(never)\nconst text = "Math.random()"'],
      ['src/engine.ts', 'timers.setTimeout(new Date(0))'],
      ['test/core/read.test.ts', 'const now = Date.now()'],
    ],
  },
  {
    name: 'files are short',
    find: longFiles,
    planted: [['src/engine.ts', 'const a = 1\n'.repeat(301).replaceAll('const a', 'a')]],
    innocent: [['src/engine.ts', 'a = 1\n'.repeat(300)]],
  },
  {
    name: 'functions fit a screen',
    find: longFunctions,
    planted: [
      ['src/engine.ts', `function long() {\n${'a()\n'.repeat(60)}}`],
      ['test/core/read.test.ts', `test('long', () => {\n${'a()\n'.repeat(60)}})`],
    ],
    innocent: [
      ['src/engine.ts', `function fits() {\n${'a()\n'.repeat(58)}}`],
      ['test/core/read.test.ts', `describe.each(cases)('long', () => {\n${'a()\n'.repeat(60)}})`],
      ['test/conformance/suite.ts', `function suite() { api.describe('long', () => {\n${'a()\n'.repeat(60)}}) }`],
    ],
  },
  {
    name: 'files are named for what they hold',
    find: vagueFileNames,
    planted: [
      ['src/utils.ts', ''],
      ['test/helpers/wait.ts', ''],
      ['adapters/redis/redis-util.ts', ''],
    ],
    innocent: [['src/core/commonest.ts', '']],
  },
  {
    name: 'files are named in kebab-case',
    find: fileNamesNotInKebabCase,
    planted: [
      ['src/keyvQuorum.ts', ''],
      ['src/Core/read.ts', ''],
    ],
    innocent: [['test/core/read.property.test.ts', '']],
  },
  {
    name: 'no type is any',
    find: anyTypes,
    planted: [['src/engine.ts', 'const value: Map<string, any> = new Map()']],
    innocent: [['src/engine.ts', 'const any = "any" // any']],
  },
  {
    name: 'nothing is left unfinished',
    find: unfinishedComments,
    planted: [
      ['src/engine.ts', '// TODO: later'],
      ['src/engine.ts', '/* FIXME */'],
      ['src/engine.ts', '// @ts-ignore\n'],
    ],
    innocent: [['src/engine.ts', 'const text = "TODO"']],
  },
  {
    name: 'every test runs',
    find: testsThatDoNotRun,
    planted: [
      ['test/core/read.test.ts', "test.skip('later', () => undefined)"],
      ['test/core/read.test.ts', "describe.only('alone', () => undefined)"],
      ['test/core/read.test.ts', "it.concurrent.skipIf(true)('later', () => undefined)"],
    ],
    innocent: [['test/core/read.test.ts', "test.each([1])('now', () => list.skip(1))"]],
  },
  {
    name: 'imports make no circles',
    find: importCycles,
    planted: [['src/engine.ts', "import './engine.ts'"]],
    innocent: [['src/engine.ts', "import './replica.ts'"]],
  },
]

const repository = readSourceFiles(join(import.meta.dirname, '../..'))

test('the repository is read as a whole', () => {
  const paths = repository.map((file) => file.path)
  expect(paths).toEqual(expect.arrayContaining(['src/index.ts', 'src/core/version.ts', 'test/layout/layout.test.ts']))
})

describe.each(rules)('$name', ({ find, planted, innocent = [] }) => {
  test('everywhere', () => {
    expect(find(repository)).toEqual([])
  })

  test.each(planted)('or it is found in %s: %.40s', (path, text) => {
    expect(find([parseSourceFile(path, text)])).toHaveLength(1)
  })

  test.each(innocent)('and this is no breach in %s: %.40s', (path, text) => {
    expect(find([parseSourceFile(path, text)])).toEqual([])
  })
})

test('a circle of imports over several files is found once', () => {
  const files = [
    parseSourceFile('src/a.ts', "import './b.ts'"),
    parseSourceFile('src/b.ts', "import './c.ts'"),
    parseSourceFile('src/c.ts', "import type {} from './b.ts'"),
  ]
  expect(importCycles(files)).toEqual(['src/b.ts -> src/c.ts -> src/b.ts'])
})
