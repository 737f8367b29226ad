import { ConfigError, QuorumError, ReplicaError, ValueError } from '../../src/errors.ts'
import { ImportError } from '../../src/import/import-error.ts'

type ErrorClass = abstract new (...given: never[]) => Error

/** Of docs/errors.md. */
export const documentedErrors: readonly ErrorClass[] = [ConfigError, QuorumError, ReplicaError, ValueError, ImportError]

/** What a call came to, where it may also refuse. */
export type Ended<Result> = { readonly result: Result } | { readonly refusal: Error }

/** Runs it; an error that is none of those allowed is passed on, and fails the case. */
export function ending<Result>(run: () => Result, allowed: readonly ErrorClass[]): Ended<Result> {
  try {
    return { result: run() }
  } catch (error) {
    return { refusal: allowedOf(error, allowed) }
  }
}

/** The same for what answers later. */
export async function endingLater<Result>(
  run: () => Promise<Result>,
  allowed: readonly ErrorClass[] = documentedErrors,
): Promise<Ended<Result>> {
  try {
    return { result: await run() }
  } catch (error) {
    return { refusal: allowedOf(error, allowed) }
  }
}

function allowedOf(error: unknown, allowed: readonly ErrorClass[]): Error {
  if (error instanceof Error && allowed.some((each) => error instanceof each)) return error
  throw new Error(`failed with something that is not documented: ${described(error)}`, { cause: error })
}

function described(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}\n${error.stack}`
  return typeof error === 'object' ? 'an object' : String(error)
}
