import type { CommandContext } from '../command-context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { holdingsJson, holdingTable } from '../holding-table.ts'
import { unlessAborted } from '../interruption.ts'

export interface GetFlags {
  readonly namespace?: string
  readonly explain?: boolean
  readonly keyv?: 5 | 6
}

/** One value, as the application would read it, and on request who holds what. */
export async function get(context: CommandContext, key: string, flags: GetFlags): Promise<ExitCode> {
  const { store, terminal, signal, json } = context
  const view = store.withNamespace(flags.namespace)
  const handed = flags.keyv === 5 && flags.namespace ? `${flags.namespace}:${key}` : key
  const explanation = flags.explain === true ? await unlessAborted(explained(store, view, handed), signal) : null
  if (explanation !== null && !json) {
    terminal.print(...holdingTable(explanation, Date.now()), '')
  }
  const stored = await unlessAborted(view.get<unknown>(handed), signal)
  const value = applicationValue(stored)
  if (json) {
    const found = { key, isFound: stored !== undefined, ...(stored !== undefined && { value }) }
    terminal.printJson(explanation === null ? found : { ...found, replicas: holdingsJson(explanation) })
    return exitCodes.fine
  }
  if (stored === undefined) terminal.note('There is no such key.')
  else terminal.print(typeof value === 'string' ? value : inJson(value))
  return exitCodes.fine
}

async function explained(store: CommandContext['store'], view: ReturnType<typeof store.withNamespace>, key: string) {
  // So that it is known how the replicas stand.
  await store.check()
  return view.explain(key)
}

/** Keyv stores `{"value":…}` as text; what else there may be is shown as it stands. */
function applicationValue(stored: unknown): unknown {
  const envelope = typeof stored === 'string' ? parsed(stored) : stored
  return typeof envelope === 'object' && envelope !== null && 'value' in envelope ? envelope.value : stored
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function inJson(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part), 2)
  return text ?? String(value)
}
