import { importFrom } from '../../src/import/import-from.ts'
import type { ImportReport } from '../../src/import/import-tally.ts'
import type { CommandContext } from '../command-context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { progressDisplay } from '../progress.ts'
import { uriSource } from '../sources/uri-source.ts'
import { counted, grouped } from '../wording.ts'

export interface ImportFlags {
  readonly namespace?: string
  readonly keyv?: 5 | 6
  readonly table: string
  readonly schema: string
}

/** Brings what a Keyv stored so far into the store. */
export async function importSource(context: CommandContext, uri: string, flags: ImportFlags): Promise<ExitCode> {
  const { store, terminal, signal, json } = context
  const { namespace, keyv, table, schema } = flags
  const source = uriSource(uri, { namespace, table, schema })
  try {
    using display = progressDisplay(terminal.stderr, 'importing')
    const report = await importFrom(source, store, {
      signal,
      ...(namespace !== undefined && { namespace }),
      ...(keyv !== undefined && { keyv }),
      onProgress({ read, imported, kept, skipped }) {
        if (json && terminal.stderr.isTTY !== true) return
        display.show(
          null,
          `${grouped(read)} read, ${counted(imported, 'record')} in, ${grouped(kept)} kept, ${grouped(skipped)} skipped`,
        )
      },
    })
    display[Symbol.dispose]()
    if (json) terminal.printJson(report)
    else terminal.print(...reportLines(report, flags))
    return exitCodes.fine
  } finally {
    source.close()
  }
}

const examplesShown = 10

function reportLines(
  { read, imported, kept, skipped, skippedExamples }: ImportReport,
  { namespace }: ImportFlags,
): string[] {
  const place = namespace === undefined ? 'without a namespace' : `in the namespace ${JSON.stringify(namespace)}`
  const examples = skippedExamples.slice(0, examplesShown)
  return [
    `Read ${counted(read, 'entry', 'entries')} ${place}.`,
    `  imported  ${grouped(imported)}`,
    `  kept      ${grouped(kept)}  written or deleted in the store, so the store is right`,
    `  skipped   ${grouped(skipped)}  no value that Keyv would have given`,
    ...examples.map(({ key, reason }) => `    ${JSON.stringify(key)}: ${reason}`),
    ...(skipped > examples.length && examples.length > 0
      ? [`    … and ${grouped(skipped - examples.length)} more`]
      : []),
    ...(read === 0 ? emptyHint(namespace) : []),
  ]
}

function emptyHint(namespace: string | undefined): string[] {
  if (namespace !== undefined)
    return ['', 'Nothing is there: is it the namespace that the Keyv of the application had?']
  return ['', 'Nothing is there: keyv 5 uses the namespace `keyv` unless it is told otherwise: --namespace keyv']
}
