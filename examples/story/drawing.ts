import type { Paint } from './paint.ts'

/** One replica as it stands: the number of the version that it holds, and a word below it. */
export interface Box {
  readonly name: string
  /** null: it holds nothing for the key. */
  readonly version: number | null
  readonly note: 'down' | 'stale' | ''
}

const boxGap = '   '
const columnGap = '  '

/** `replica 1 [7]   replica 2 [7]   replica 3 [6]`, and below it a line of notes if there are any. */
export function drawBoxes(boxes: readonly Box[], paint: Paint): string[] {
  const plain = boxes.map(boxText)
  const painted = boxes.map((box, index) => paint(styleOf(box), plain[index] ?? ''))
  if (boxes.every(({ note }) => note === '')) return [painted.join(boxGap)]
  const notes = boxes.map((box, index) => {
    const padding = ' '.repeat((plain[index]?.length ?? 0) - box.note.length)
    return (box.note === '' ? '' : paint(styleOf(box), box.note)) + padding
  })
  return [painted.join(boxGap), notes.join(boxGap).trimEnd()]
}

function boxText({ name, version }: Box): string {
  return `${name} [${version ?? ' '}]`
}

function styleOf({ note }: Box): 'good' | 'bad' | 'warn' {
  if (note === 'down') return 'bad'
  return note === '' ? 'good' : 'warn'
}

/** Columns as wide as their widest cell; the header and a rule on top. */
export function drawTable(header: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string[] {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(columnGap)
      .trimEnd()
  return [paint('quiet', line(header)), ...rows.map(line)]
}

/** Breaks a paragraph into lines of at most `width` characters, between words; `w = 2` stays whole. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<!=) (?!=)/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** `{ type: 'repair', … }` over as many lines as it needs, as a listener would see it. */
export function drawObject(fields: Readonly<Record<string, unknown>>): string[] {
  return ['{', ...Object.entries(fields).map(([name, value]) => `  ${name}: ${literal(value)},`), '}']
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value)
}
