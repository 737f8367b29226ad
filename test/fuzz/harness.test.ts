import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { ending, endingLater } from './documented-errors.ts'
import { senselessLie } from './liar/lies.ts'
import { mutatedText } from './mutated-text.ts'
import { assertNothingAdded, assertUntouched } from './prototypes.ts'
import { runTargets } from './run-targets.ts'
import { assertHidden, secret } from './secrets.ts'
import type { FuzzTarget } from './target.ts'

/** What watches over the cases has to see what it watches for. */

function planted(property: fc.IRawProperty<unknown>): FuzzTarget {
  return { name: 'planted', casesPerRound: 500, open: () => ({ property }) }
}

async function failureOf(property: fc.IRawProperty<unknown>): Promise<string | null | undefined> {
  const [run] = await runTargets({ targets: [planted(property)], seed: 1, isOver: ({ rounds }) => rounds === 1 })
  return run?.failure
}

describe('a run', () => {
  test('tells the smallest input that fails, and how to run it again', async () => {
    const failure = await failureOf(fc.property(fc.nat(), (drawn) => drawn < 1_000))
    expect(failure).toContain('npm run fuzz -- --target planted --seed 1 --cases 500')
    expect(failure).toContain('Counterexample: [1000]')
  })

  test('finds nothing where there is nothing', async () => {
    expect(await failureOf(fc.property(fc.nat(), () => undefined))).toBeNull()
  })

  test('sees a prototype that was changed', async () => {
    const method = Array.prototype.at
    try {
      const change = () => {
        Object.assign(Array.prototype, { at: () => undefined })
      }
      expect(await failureOf(fc.property(fc.nat(), change))).toContain('a built-in object was changed')
    } finally {
      Array.prototype.at = method
    }
    assertUntouched()
  })
})

test('a member that is added to all objects is seen', () => {
  try {
    Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true })
    expect(assertNothingAdded).toThrow('a prototype has a member')
  } finally {
    Reflect.deleteProperty(Object.prototype, 'polluted')
  }
  assertNothingAdded()
})

test('only documented errors may end a call', async () => {
  const fail = () => {
    throw new TypeError('of a kind that nobody expects')
  }
  expect(() => ending(fail, [ConfigError])).toThrow('not documented')
  await expect(endingLater(async () => fail())).rejects.toThrow('not documented')
})

test('a secret is seen wherever it stands, and in whatever form', () => {
  const [drawn = ''] = fc.sample(secret, { numRuns: 1, seed: 1 })
  const shown = [
    drawn,
    encodeURIComponent(drawn.toWellFormed()),
    new Error('failed', { cause: new Error(drawn) }),
    Object.assign(new Error('failed'), { config: { password: drawn } }),
    { deep: { down: { there: [drawn] } } },
  ]
  for (const each of shown) expect(() => assertHidden(each)).toThrow('a secret is shown')
  expect(() => assertHidden('nothing', new Error('failed'), {})).not.toThrow()
})

test('some samples stay as they were, and most are changed', () => {
  const drawn = fc.sample(mutatedText(fc.constant('0123456789')), { numRuns: 200, seed: 1 })
  const unchanged = drawn.filter((text) => text === '0123456789').length
  expect(unchanged).toBeGreaterThan(5)
  expect(unchanged).toBeLessThan(100)
})

test('lies are told about every call', () => {
  const drawn = fc.sample(senselessLie, { numRuns: 500, seed: 1 })
  expect(new Set(drawn.map(({ call }) => call)).size).toBe(8)
})
