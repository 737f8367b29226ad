import { type History, type Operation, someValue } from './history.ts'

/**
 * Reads a history of the key `a` as it is drawn in a test: a line for each client, on which time goes from left to right, a
 * column a millisecond, counted from behind `c0: `.
 *
 * | drawn | meaning |
 * |---|---|
 * | `\|-set x-\|` | an operation with its invocation and its answer |
 * | `\|-set x-?` | its client was told that the outcome is unknown |
 * | `\|-set x->` | its client never heard of it |
 * | `\|-set x-!` | it failed for certain |
 * | `get x`, `get -` | a get that returned x, that found nothing |
 * | `has` | a has that found something |
 * | `set x til 20` | with an expiry at 20 ms |
 * | `set x v7` | acknowledged, or found, under version v7 |
 *
 * A line `ms:` is a ruler for the eye.
 */
export function drawnHistory(text: string): History {
  const operations = text.split('\n').flatMap(laneOf)
  operations.sort((a, b) => a.invokedAt - b.invokedAt)
  return { operations: operations.map((operation, index) => ({ ...operation, index })) }
}

function laneOf(line: string): Operation[] {
  const [, client = 'ms', lane = ''] = /^\s*(\w+): (.*)$/.exec(line) ?? []
  if (client === 'ms') return []
  return [...lane.matchAll(/\|([^|?>!]*)([|?>!])/g)].map((bar) => {
    const [all, words = '', end = ''] = bar
    const times = { invokedAt: bar.index, returnedAt: end === '>' ? null : bar.index + all.length - 1 }
    return { index: 0, client, key: 'a', ...deedOf(words), ...times, outcome: outcomes[end] ?? 'unknown' }
  })
}

const outcomes: Readonly<Record<string, Operation['outcome']>> = { '|': 'ok', '!': 'failed' }

function deedOf(words: string): Pick<Operation, 'kind' | 'value' | 'expiresAtMs' | 'version'> {
  const [, kind = '', value = null, expiry = null, version] =
    /^-*(set|get|has|delete|clear)(?: ([a-z]\w*|-))?(?: til (\d+))?(?: (v\d+))?-*$/.exec(words.trim()) ?? []
  const told = { expiresAtMs: expiry === null ? null : Number(expiry), ...(version !== undefined && { version }) }
  if (kind === 'has') return { kind: 'get', value: someValue, ...told }
  if (kind !== 'set' && kind !== 'get' && kind !== 'delete' && kind !== 'clear') throw new Error(`not drawn: ${words}`)
  return { kind, value: value === '-' ? null : value, ...told }
}
