import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** Whoever watches has had enough. */
export class Interruption extends Error {
  override readonly name = 'Interruption'

  constructor() {
    super('interrupted')
  }
}

/**
 * A signal that Ctrl-C aborts, so that the command can end cleanly. A second Ctrl-C ends it at once: also when a server
 * hangs.
 */
export function interruption(terminal: Terminal): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted)
    terminal.note('interrupted: ending in order; Ctrl-C again ends at once')
    controller.abort(new Interruption())
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
    },
  }
}

/** Rejects as soon as the signal is aborted, for calls that take no signal; what they do goes on unheard. */
export function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
