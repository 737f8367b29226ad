import { QuorumError } from './errors.ts'

/** What is used of a Keyv; the `emit` of keyv 5 answers nothing, that of keyv 6 a boolean. */
interface Emitting {
  emit(event: string, ...values: never[]): unknown
}

/** keyv 5's own switch, without which its `get` answers a failure with `undefined`; keyv 6 leaves it unread. */
export const throwingOptions = { throwOnErrors: true } as const

/**
 * The same Keyv, of either series, whose failures for want of a quorum reach the caller. Keyv hands every failure of its
 * store to its own `emit`, inside the call that failed: that is where it can be thrown. A Keyv of
 * the keyv 5 series must be made with {@link throwingOptions} besides.
 */
export function throwing<AnyKeyv extends Emitting>(keyv: AnyKeyv): AnyKeyv {
  const emit = keyv.emit.bind(keyv) as (event: string, ...values: unknown[]) => unknown
  const emitAndThrow = (event: string, ...values: unknown[]): unknown => {
    const [error] = values
    if (event !== 'error' || !(error instanceof QuorumError)) return emit(event, ...values)
    try {
      emit(event, error)
    } catch {
      // Without listeners keyv 6 throws by itself; it comes to the same.
    }
    throw error
  }
  return Object.assign(keyv, { emit: emitAndThrow })
}
