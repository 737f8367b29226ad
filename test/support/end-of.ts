export interface End<Value> {
  state: 'open' | 'fulfilled' | 'rejected'
  value?: Value
  error?: unknown
}

/** Watches a promise, so that a test can tell at any time whether and how it ended. */
export function endOf<Value>(promise: Promise<Value>): End<Value> {
  const end: End<Value> = { state: 'open' }
  promise.then(
    (value) => Object.assign(end, { state: 'fulfilled', value }),
    (error: unknown) => Object.assign(end, { state: 'rejected', error }),
  )
  return end
}
