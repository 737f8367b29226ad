import { createRequire } from 'node:module'
import { systemRuntime } from '../runtime.ts'

/** Five fields, six with the seconds first, seven with the year last, or a name such as `@daily`; no point in time. */
const shape = /^\s*(@\w+|\S+(\s+\S+){4,6})\s*$/

/** Whether a text is a cron expression, and one whose time ever comes. */
export function isCronExpression(text: string): boolean {
  if (!shape.test(text)) return false
  // Loaded when there is an expression to read, and in place, because options are checked by a constructor.
  const { Cron }: typeof import('croner') = createRequire(import.meta.url)('croner')
  try {
    return new Cron(text, { paused: true }).nextRun(new Date(systemRuntime.clock.nowMs())) !== null
  } catch {
    return false
  }
}
