import type { History, Operation, Violation } from './history.ts'
import { deed } from './wording.ts'

const columnsMax = 100

/**
 * A violation to read: what is wrong, and the operations on its key, each with a bar from its invocation to its answer. What
 * shows the violation is marked with `*`. Columns are the order of events, not a scale of time; that is in the margin.
 *
 * A bar ends with `|` where the operation was acknowledged, `?` where its outcome is unknown, `!` where it failed for certain,
 * and `>` where nobody heard of it again.
 */
export function renderViolation({ operations }: History, violation: Violation): string {
  const { rule, key, explanation } = violation
  const title = `${rule}${key === '' ? '' : ` of ${JSON.stringify(key)}`}: ${explanation}`
  const concerned = operations.filter((each) => each.key === key || each.kind === 'clear')
  const shown = concerned.toSorted((a, b) => a.invokedAt - b.invokedAt || a.index - b.index)
  if (shown.length === 0 || violation.operations.length === 0) return title
  return [title, '', ...rowsOf(shown, new Set(violation.operations))].join('\n')
}

function rowsOf(shown: readonly Operation[], marked: ReadonlySet<number>): string[] {
  const columnOf = columnsFor(shown)
  const originMs = shown[0]?.invokedAt ?? 0
  const cells = shown.map((operation) => ({
    mark: marked.has(operation.index) ? '*' : ' ',
    number: `#${operation.index}`,
    client: operation.client,
    deed: `${deed(operation)}${lifetime(operation, originMs)}`,
    times: `${msText(operation.invokedAt, originMs)} to ${msText(operation.returnedAt, originMs)}`,
    bar: barOf(operation, columnOf),
  }))
  const width = (name: keyof (typeof cells)[number]) => Math.max(...cells.map((each) => each[name].length))
  const [number, client, deeds, times] = [width('number'), width('client'), width('deed'), width('times')]
  return cells.map((each) =>
    [
      `${each.mark} ${each.number.padStart(number)}`,
      each.client.padEnd(client),
      each.deed.padEnd(deeds),
      each.times.padStart(times),
      each.bar,
    ].join('  '),
  )
}

/** A column for each event while there is room; later ones share. */
function columnsFor(shown: readonly Operation[]): (time: number) => number {
  const times = shown.flatMap(({ invokedAt, returnedAt }) =>
    returnedAt === null ? [invokedAt] : [invokedAt, returnedAt],
  )
  const inOrder = [...new Set(times)].toSorted((a, b) => a - b)
  const places = new Map(inOrder.map((time, place) => [time, place]))
  const scale = Math.min(2, columnsMax / inOrder.length)
  return (time) => Math.floor((places.get(time) ?? inOrder.length) * scale)
}

function barOf({ invokedAt, returnedAt, outcome }: Operation, columnOf: (time: number) => number): string {
  const from = columnOf(invokedAt)
  const to = Math.max(from + 1, columnOf(returnedAt ?? Number.POSITIVE_INFINITY))
  const ends = { ok: '|', unknown: '?', failed: '!' } as const
  return `${' '.repeat(from)}|${'-'.repeat(to - from - 1)}${returnedAt === null ? '>' : ends[outcome]}`
}

function lifetime({ expiresAtMs }: Operation, originMs: number): string {
  return expiresAtMs === null ? '' : ` until ${msText(expiresAtMs, originMs)}`
}

/** Counted from the first operation that is shown. */
function msText(time: number | null, originMs: number): string {
  return time === null ? 'never' : `${Math.round((time - originMs) * 100) / 100} ms`
}
