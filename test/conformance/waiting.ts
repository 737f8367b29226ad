const pollEveryMs = 25
const waitMaxMs = 30_000

/** Waits for a condition, at most 30 s. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + waitMaxMs
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${waitMaxMs} ms in vain`)
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs))
  }
}

/** Waits for a call to succeed, at most 30 s: its rejections count as not yet. */
export async function untilSucceeds<T>(call: () => Promise<T>): Promise<void> {
  let lastReason: unknown
  const attempt = () =>
    call().then(
      () => true,
      (reason: unknown) => {
        lastReason = reason
        return false
      },
    )
  await until(attempt).catch((error: Error) => {
    throw new Error(error.message, { cause: lastReason })
  })
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
