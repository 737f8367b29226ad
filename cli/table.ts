import { stripVTControlCharacters } from 'node:util'

const gap = '  '

/** Columns as wide as their widest cell; the header in small capitals is the caller's choice. */
export function drawTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => widthOf(row[column] ?? ''))))
  return [header, ...rows].map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join(gap)
      .trimEnd(),
  )
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}
