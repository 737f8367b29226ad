export type DrawnRow = Readonly<Record<string, string>>

/**
 * Reads a table as it is drawn in a test: cells between `|`, the first line names the columns, lines of dashes and
 * empty lines are for the eye.
 */
export function drawnTable(text: string): DrawnRow[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^[\s|+-]+$/.test(line))
  const [names, ...rows] = lines.map(cellsOf)
  if (names === undefined) throw new Error('the table has no line that names its columns')
  return rows.map((cells) => {
    if (cells.length !== names.length) throw new Error(`${cells.length} cells under ${names.length} names: ${cells}`)
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']))
  })
}

/** The cell of that column; throws for a column that is not there, so that a misspelt name is no empty cell. */
export function cell(row: DrawnRow, column: string): string {
  const text = row[column]
  if (text === undefined) throw new Error(`there is no column ${column}`)
  return text
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\s*\|/, '')
    .replace(/\|\s*$/, '')
    .split('|')
    .map((text) => text.trim())
}
