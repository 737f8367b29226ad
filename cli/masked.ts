import { redact } from '../src/config.ts'

/** A message with the credentials of every URI in it hidden: also of one that was typed in the wrong place. */
export function masked(message: string): string {
  return message.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s'"`]+/gi, redact)
}
