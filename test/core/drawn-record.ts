import { foreverMs, newTombstone, newValue, type VersionedRecord } from '../../src/core/record.ts'
import { versionAt } from '../conformance/samples.ts'

/** When the tables are read. */
export const tableNowMs = 1_000

/**
 * Records as the tables write them: `7` a value under version 7, `7b` another payload under the same version, `x7` a
 * tombstone, `e7` a value that has expired; with `+` the dead record must still be kept, because an older one may live.
 */
export function drawnRecord(text: string): VersionedRecord {
  const [, kind = '', version = '', payload = '', retained = ''] = /^([xe]?)(\d+)([a-z]?)(\+?)$/.exec(text) ?? []
  if (version === '') throw new Error(`${text} is no record`)
  const record =
    kind === 'x'
      ? newTombstone('k', versionAt(Number(version)), 900)
      : newValue('k', versionAt(Number(version)), payload, kind === 'e' ? 900 : null)
  return retained === '' ? record : { ...record, retainUntilMs: foreverMs }
}
