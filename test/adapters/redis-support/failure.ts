import { expect } from 'vitest'

/** What a `ReplicaError` must look like. */
export function failure(code: string, message: RegExp) {
  return { name: 'ReplicaError', code, message: expect.stringMatching(message) }
}
