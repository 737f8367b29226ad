import type { SweepOptions } from '../../src/background/sweep/sweep-options.ts'
import type { SweepPartition, SweepReport } from '../../src/events/sweep-report.ts'
import type { CommandContext } from '../command-context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Failures } from '../failures.ts'
import { progressDisplay } from '../progress.ts'
import { drawTable } from '../table.ts'
import { counted, grouped } from '../wording.ts'

export interface SweepFlags {
  readonly preview?: boolean
  readonly partition?: SweepPartition
  readonly incremental?: boolean
  readonly keysPerSecond?: number
}

/** One sweep, with what it did told for each replica. */
export async function sweep(context: CommandContext, flags: SweepFlags): Promise<ExitCode> {
  const report = await sweepWithProgress(context, flags)
  if (context.json) context.terminal.printJson(report)
  else context.terminal.print(...reportLines(report, context.failures))
  const isMended = report.isComplete && report.replicas.every(({ skipped }) => skipped === null)
  return isMended && !(report.isPreview && report.differing > 0) ? exitCodes.fine : exitCodes.unhealthy
}

export async function sweepWithProgress(
  { store, terminal, signal, json }: CommandContext,
  { preview = false, partition, incremental = false, keysPerSecond }: SweepFlags,
): Promise<SweepReport> {
  using display = progressDisplay(terminal.stderr, preview ? 'comparing' : 'sweeping')
  const isShown = !json || terminal.stderr.isTTY === true
  const options: SweepOptions = {
    kind: incremental ? 'incremental' : 'full',
    preview,
    signal,
    ...(partition !== undefined && { partition }),
    ...(keysPerSecond !== undefined && { keysPerSecond }),
    onProgress({ phase, fraction, looked, differing }) {
      if (isShown)
        display.show(fraction, `${phase}: ${counted(looked, 'record')} looked at, ${grouped(differing)} differ`)
    },
  }
  return store.sweep(options)
}

const header = ['REPLICA', 'COMPARED', 'DIFFERING', 'GIVEN', 'GAVE', 'PURGED', 'ZOMBIES', 'KB', 'MS']

function reportLines(report: SweepReport, failures: Failures): string[] {
  const rows = report.replicas.map((each) => [
    each.replica,
    ...[each.compared, each.differing, each.pulled, each.pushed, each.purged, each.zombies].map(grouped),
    grouped(Math.ceil(each.bytes / 1_000)),
    grouped(Math.round(each.tookMs)),
  ])
  const skipped = report.replicas.flatMap(({ replica, skipped }) =>
    skipped === null ? [] : [`${replica} was left out: ${failures.reason(replica) ?? skipped}`],
  )
  return [headline(report), '', ...drawTable(header, rows), ...(skipped.length > 0 ? ['', ...skipped] : [])]
}

function headline({ kind, isPreview, isComplete, partition, differing, left, tookMs }: SweepReport): string {
  const part = partition.of === 1 ? '' : ` of part ${partition.partition + 1}/${partition.of}`
  const what = isPreview ? `Preview of a ${kind} sweep${part}, nothing written` : `One ${kind} sweep${part}`
  const undecided = left === 0 ? '' : `; ${counted(left, 'key')} left until more replicas answer`
  const end = isComplete ? '' : '; NOT COMPLETE, so sweep again'
  return `${what}: ${counted(differing, 'key')} differed, in ${grouped(Math.round(tookMs))} ms${undecided}${end}.`
}
