import { styleText } from 'node:util'

export type Style = 'title' | 'good' | 'bad' | 'warn' | 'quiet' | 'code'
export type Paint = (style: Style, text: string) => string

const formats = {
  title: 'bold',
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  quiet: 'dim',
  code: 'cyan',
} as const

/** Colours for a terminal; none where the stream is no terminal or NO_COLOR is set. */
export function paintFor(stream: NodeJS.WritableStream): Paint {
  return (style, text) => styleText(formats[style], text, { stream })
}
