import * as v from 'valibot'
import { readFields } from '../../src/config/fields.ts'
import { throwProblems } from '../../src/config/problem.ts'
import { ConfigError } from '../../src/errors.ts'
import { assertId } from './replica-shape.ts'

type SettingsSchema = v.ObjectSchema<Record<string, v.GenericSchema>, undefined>

/** What every `{ use, … }` may hold. */
export const commonSettings = {
  use: v.string('a name'),
  id: v.exactOptional(v.string('a text')),
} as const

export const textSetting = v.exactOptional(v.string('a text'))

/** Its range is checked by the adapter, which knows it. */
export const numberSetting = v.exactOptional(v.number('a number'))

/** @param least the smallest one; @param unit what is counted */
export function countSetting(least: 0 | 1, unit: string) {
  const expected = `a whole number of ${unit}, ${least} or more`
  return v.exactOptional(v.pipe(v.number(expected), v.safeInteger(expected), v.minValue(least, expected)))
}

/**
 * The members of a `{ use, … }` object, without `use`.
 * @throws ConfigError naming every setting that is unknown or of the wrong type
 */
export function readSettings<const S extends SettingsSchema>(
  schema: S,
  settings: object,
  field: string,
): Omit<Partial<v.InferOutput<S>>, 'use'> {
  const { value, problems } = readFields(schema, settings, { parent: field, self: field, noun: 'setting' })
  throwProblems(problems)
  const { use: _use, ...rest }: Partial<v.InferOutput<S>> & { readonly use?: unknown; readonly id?: unknown } = value
  if (rest.id !== undefined) assertId(rest.id, field)
  return rest
}

/** @throws ConfigError when the setting that holds the address was left out */
export function required<Setting>(setting: Setting | undefined, field: string, expected: string): Setting {
  if (setting === undefined) throw new ConfigError(field, `${expected}, not nothing`)
  return setting
}
