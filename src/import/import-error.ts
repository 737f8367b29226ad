import { ConfigError, thrownText } from '../errors.ts'

/**
 * The store that is imported from failed: `code` is `IMPORT_SOURCE_FAILED`, the cause says how. What was imported before
 * stays, and the import can be repeated.
 */
export class ImportError extends Error {
  override readonly name = 'ImportError'
  readonly code = 'IMPORT_SOURCE_FAILED'

  constructor(reason: string, cause?: unknown) {
    super(`the source of the import failed: ${reason}`, cause === undefined ? undefined : { cause })
  }
}

/** The same failure, told as one of the source; a source that was named wrongly stays a `ConfigError`. */
export function sourceError(error: unknown): ImportError | ConfigError {
  if (error instanceof ImportError || error instanceof ConfigError) return error
  return new ImportError(thrownText(error), error)
}
