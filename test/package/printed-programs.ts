import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A program as a document prints it: a comment with its file name, then a fence. */
const printedProgram = /^<!-- (\S+\.mts) -->\n```ts\n([\s\S]*?)^```$/gm

/** Writes the programs that a document prints into the folder, each under the name above it; gives the names. */
export async function writePrintedPrograms(document: string, folder: string): Promise<string[]> {
  const text = await readFile(document, 'utf8')
  const programs = [...text.matchAll(printedProgram)]
  for (const [, name = '', program = ''] of programs) await writeFile(join(folder, name), program)
  return programs.map(([, name = '']) => name)
}
