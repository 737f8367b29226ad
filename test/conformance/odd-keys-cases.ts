import assert from 'node:assert/strict'
import { keyText, namespacePrefix } from '../../src/core/key.ts'
import { storedHeadOf } from '../../src/core/record.ts'
import type { Replica } from '../../src/replica.ts'
import { conformanceCase, patient, patientScan } from './conformance-case.ts'
import { headOf, putsOf, userKey, valueAt } from './samples.ts'
import { scanAll, sortByKey } from './scan-all.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

const namespaces = [undefined, 'a', 'a:', 'A', 'a%', 'a\0', '::', '__proto__']

const oddUserKeys = [
  ...['', ' ', '  ', 'a', 'a ', ' a', 'a\t', 'a\n', 'a\r\n', 'A', 'ä', 'Ä', 'ß', 'ss', 'i', 'ı', 'İ', 'I'],
  ...[
    '\0',
    'a\0',
    '\0a',
    'a\0b',
    '\u0001',
    '\u00010',
    '\u0001\0',
    '\u007f',
    '\u0080',
    '\u2028',
    '\ufeff',
    '\ufffd',
    '\uffff',
  ],
  ...[
    '%',
    '%%',
    '_',
    '*',
    '?',
    '[a]',
    '[^a]',
    '{a}',
    '{a}b',
    '\\',
    '\\\\',
    '\\0',
    '\\*',
    '\\%',
    '|',
    '$1',
    '$$',
    ':',
    '::',
    '::a',
  ],
  ...["'", "''", '"', '`', ';', '--', '/*', "'; drop table keyv_quorum; --", '$(a)', '\u0000\u0000'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'undefined', 'null', 'NaN'],
  ...['0', '-0', '00', '1', '1.0', '1e0', 'true', 'false', '[]', '{}'],
  ...[
    '\ud800',
    '\udfff',
    'a\ud800',
    '\udc00a',
    '\udc00\ud800',
    '\ud800\ud800',
    '\u{10000}',
    '\u{10ffff}',
    '😀',
    '👩‍👩‍👧',
    '🇩🇪',
  ],
  ...[
    'é',
    'e\u0301',
    'Å',
    '\u212b',
    'A\u030a',
    'ﬁ',
    'fi',
    '\u1e9e',
    '각',
    '\u1100\u1161\u11a8',
    'שלום',
    '\u202eabc',
    '\u200d',
    '\u200b',
    '中文',
  ],
  ...[
    'k'.repeat(255),
    'k'.repeat(256),
    'k'.repeat(2712),
    'é'.repeat(4096),
    'k'.repeat(65_536),
    `${'k'.repeat(65_535)}l`,
  ],
]

const oddPayloads = [
  ...[
    '',
    ' ',
    '0',
    'null',
    '{"value":1}',
    '"quoted"',
    "it's",
    '\\',
    '\\x41',
    '\\u0041',
    '%s',
    '$1',
    '\u0001',
    '\u001f\u007f',
  ],
  ...[
    'line\nline\r\n\ttab',
    '\u2028\u2029',
    '\ufeffbom',
    'é',
    'e\u0301',
    '😀',
    '\u{10ffff}',
    '\uffff',
    'trailing  ',
    '\u202ertl',
    'שלום',
  ],
]

const millionBytes = 1024 * 1024

/** Every key that a user may choose is just a key, and every payload comes back as it was. */
export function oddKeysCases(test: TestApi, subject: ConformanceSubject): void {
  test.describe('keys and payloads', () => {
    conformanceCase(test, subject, 'odd keys of odd namespaces are all different keys', oddKeysAreDifferent)
    conformanceCase(test, subject, 'odd keys are found by scans and purged', oddKeysAreScanned)
    conformanceCase(test, subject, 'payloads come back as they were', payloadsComeBack)
    conformanceCase(test, subject, 'a payload of 1 MB comes back as it was', async (replica) => {
      await expectPayloadsBack(replica, [
        '0123456789abcdef'.repeat(millionBytes / 16),
        '😀é\n"'.repeat(millionBytes / 8),
      ])
    })
  })
}

function oddKeyTexts(): string[] {
  const texts = namespaces.flatMap((namespace) => {
    const prefix = namespacePrefix(namespace)
    const keys = namespace === undefined ? oddUserKeys : oddUserKeys.filter((key) => key.length < 100)
    return keys.map((key) => keyText(prefix, key))
  })
  return [...new Set(texts)]
}

async function oddKeysAreDifferent(replica: Replica): Promise<void> {
  const keys = oddKeyTexts()
  for (const batch of batches(keys, replica.limits.batchKeysMax)) {
    assert.deepEqual(await replica.getMany(batch, patient), Array(batch.length).fill(null))
  }
  const records = keys.map((key, index) => valueAt(index + 1, key))
  for (const batch of batches(records, replica.limits.batchKeysMax)) {
    const outcomes = await replica.putManyIfNewer(putsOf(...batch), patient)
    for (const [index, outcome] of outcomes.entries()) {
      assert.deepEqual(outcome, { status: 'stored', retainUntilMs: batch[index]?.retainUntilMs, replaced: null })
    }
  }
  for (const batch of batches(records, replica.limits.batchKeysMax)) {
    const batchKeys = batch.map(({ key }) => key)
    assert.deepEqual(await replica.getMany(batchKeys, patient), batch)
    assert.deepEqual(await replica.getVersions(batchKeys, patient), batch.map(storedHeadOf))
  }
}

async function oddKeysAreScanned(replica: Replica): Promise<void> {
  const records = oddKeyTexts().map((key, index) => valueAt(index + 1, key))
  for (const batch of batches(records, replica.limits.batchKeysMax)) {
    await replica.putManyIfNewer(putsOf(...batch), patient)
  }
  assert.deepEqual(await scanAll(replica, patientScan), sortByKey(records.map(storedHeadOf)))

  for (const batch of batches(records, replica.limits.batchKeysMax)) {
    assert.deepEqual(await replica.purgeMany(batch.map(headOf), patient), Array(batch.length).fill(true))
  }
  assert.deepEqual(await scanAll(replica, patientScan), [])
}

async function payloadsComeBack(replica: Replica): Promise<void> {
  await expectPayloadsBack(replica, oddPayloads)
}

async function expectPayloadsBack(replica: Replica, payloads: readonly string[]): Promise<void> {
  const records = payloads.map((payload, index) => valueAt(index + 1, userKey(`payload ${index}`), payload))
  await replica.putManyIfNewer(putsOf(...records), patient)
  const answers = await replica.getMany(
    records.map(({ key }) => key),
    patient,
  )
  // Compared one by one, so that a failure does not print megabytes of its neighbours.
  for (const [index, answer] of answers.entries()) assert.deepEqual(answer, records[index])
}

function batches<T>(items: readonly T[], sizeMax: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / sizeMax) }, (_, index) =>
    items.slice(index * sizeMax, (index + 1) * sizeMax),
  )
}
