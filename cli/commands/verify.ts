import { parseKeyText } from '../../src/core/key.ts'
import { isLedgerKey } from '../../src/core/ledger.ts'
import type { SweepReport } from '../../src/events/sweep-report.ts'
import type { CommandContext } from '../command-context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { holdingsJson, holdingTable } from '../holding-table.ts'
import { unlessAborted } from '../interruption.ts'
import { counted, shownKey } from '../wording.ts'
import { type SweepFlags, sweepWithProgress } from './sweep.ts'

export interface VerifyFlags extends Pick<SweepFlags, 'partition' | 'keysPerSecond'> {
  /** How many of the differing keys are shown. */
  readonly keys: number
}

/** Compares what the replicas hold, and changes nothing. */
export async function verify(context: CommandContext, flags: VerifyFlags): Promise<ExitCode> {
  const { terminal, json, signal, failures } = context
  const report = await sweepWithProgress(context, { ...flags, preview: true })
  const examples = report.differingKeys.filter((key) => !isLedgerKey(key)).slice(0, flags.keys)
  const shown = await unlessAborted(Promise.all(examples.map((key) => explained(context, key))), signal)
  const missing = report.replicas.filter(({ skipped }) => skipped !== null)
  if (json) {
    const keys = shown.map(({ namespace, key, explanation }) => ({
      namespace,
      key,
      replicas: holdingsJson(explanation),
    }))
    const left = missing.map(({ replica, skipped }) => ({ replica, reason: skipped }))
    terminal.printJson({ isSame: isSame(report), differing: report.differing, keys, notCompared: left })
  } else {
    terminal.print(summary(report))
    for (const { name, explanation } of shown) terminal.print('', name, ...holdingTable(explanation, Date.now()))
    if (shown.length > 0) terminal.print('', 'A sweep gives the newest to the others: keyv-quorum sweep')
    for (const { replica, skipped } of missing) {
      terminal.print('', `${replica} was not compared: ${failures.reason(replica) ?? skipped}`)
    }
  }
  if (report.differing > 0) return exitCodes.unhealthy
  return isSame(report) ? exitCodes.fine : exitCodes.unreachable
}

function isSame({ differing, isComplete, replicas }: SweepReport): boolean {
  return differing === 0 && isComplete && replicas.every(({ skipped }) => skipped === null)
}

async function explained({ store }: CommandContext, keyText: string) {
  const { namespace, key } = parseKeyText(keyText)
  return { namespace, key, name: shownKey(keyText), explanation: await store.withNamespace(namespace).explain(key) }
}

function summary(report: SweepReport): string {
  if (report.differing > 0) return `The replicas differ in ${counted(report.differing, 'key')}.`
  if (isSame(report)) return `All ${report.replicas.length} replicas hold the same.`
  return 'Not all replicas could be compared; those that could hold the same.'
}
