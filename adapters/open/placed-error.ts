import { ConfigError } from '../../src/errors.ts'

/** Adapters do not know where in the configuration they stand: their errors name the option alone, or the source. */
const optionNames: ReadonlySet<string> = new Set([
  'changesMax',
  'connectionsMax',
  'connectTimeoutMs',
  'durability',
  'expiryMarginMs',
  'keyPrefix',
  'schema',
  'table',
])

/**
 * Runs a part of an adapter so that its errors name the whole path.
 *
 * @param field where the source stands
 * @param addressField where its address stands; the same unless it is a `{ use, … }` object
 * @throws ConfigError
 */
export function withPlace<Result>(field: string, addressField: string, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof ConfigError) || error.field.startsWith(field)) throw error
    const place = optionNames.has(error.field) ? `${field}.${error.field}` : addressField
    throw new ConfigError(place, error.expected, error.cause)
  }
}
