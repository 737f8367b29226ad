/** One block of a transcript: commands, and what they led to. */
export interface Block {
  readonly commands: readonly string[]
  readonly output: readonly string[]
}

/** A transcript as it stands in its file: blocks, and remarks between them. */
export type Part = { readonly remark: string } | Block

const divider = '----'

/**
 * Commands stand one a line, then `----`, then the output up to an empty line. Lines that start with `#`, and empty
 * ones, are remarks.
 */
export function parseTranscript(text: string): Part[] {
  const parts: Part[] = []
  const lines = text.replace(/\n$/, '').split('\n')
  while (lines.length > 0) {
    const line = lines[0] ?? ''
    if (line === '' || line.startsWith('#')) parts.push({ remark: lines.shift() ?? '' })
    else parts.push(takeBlock(lines))
  }
  return parts
}

function takeBlock(lines: string[]): Block {
  const end = lines.indexOf(divider)
  if (end < 0) throw new Error(`no ${divider} after: ${lines[0]}`)
  const commands = lines.splice(0, end)
  lines.shift()
  const blank = lines.indexOf('')
  const output = lines.splice(0, blank < 0 ? lines.length : blank)
  return { commands, output }
}

export function renderTranscript(parts: readonly Part[]): string {
  const lines = parts.flatMap((part) =>
    'remark' in part ? [part.remark] : [...part.commands, divider, ...part.output],
  )
  return `${lines.join('\n')}\n`
}
