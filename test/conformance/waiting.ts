const pollEveryMs = 25
const waitMaxMs = 30_000

/** Waits for a condition; a rejection counts as not yet. Rejects after 30 s with the last reason. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + waitMaxMs
  let lastReason: unknown
  while (performance.now() < deadlineMs) {
    try {
      if (await condition()) return
    } catch (reason) {
      lastReason = reason
    }
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs))
  }
  throw new Error(`waited ${waitMaxMs} ms in vain`, { cause: lastReason })
}

/** Rejects when the promise is still pending after `timeoutMs`. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const guard = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} still hangs after ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, guard])
  } finally {
    clearTimeout(timer)
  }
}
