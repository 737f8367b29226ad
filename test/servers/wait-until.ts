import { setTimeout as sleep } from 'node:timers/promises'

/** Polls a condition until it holds; rejects, naming what was waited for, when it does not hold in time. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  options: { readonly what: string; readonly timeoutMs?: number; readonly pollMs?: number },
): Promise<void> {
  const { what, timeoutMs = 20_000, pollMs = 10 } = options
  const deadlineMs = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`)
    await sleep(pollMs)
  }
}
