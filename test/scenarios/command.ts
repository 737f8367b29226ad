import type { Stage } from './stage.ts'

/** A form of line, and what it does with the parts that it captures; a part that is left out is `''`. */
export interface Command {
  readonly pattern: RegExp
  readonly carryOut: (stage: Stage, parts: readonly string[]) => void | Promise<void>
}

export function command(pattern: RegExp, carryOut: Command['carryOut']): Command {
  return { pattern, carryOut }
}

/** The part with this index; throws where the pattern has no such group, so that a slip is no empty text. */
export function part(parts: readonly string[], index: number): string {
  const text = parts[index]
  if (text === undefined) throw new Error(`the pattern has no group ${index + 1}`)
  return text
}
