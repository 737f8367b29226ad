import type { History, Operation } from '../history/history.ts'
import type { Plan } from './plan.ts'
import type { Outcome } from './run-plan.ts'
import { startMs } from './true-time.ts'

/** What a person needs to know of a failing run: how to play it again, what is wrong, and how it came to that. */
export function failureReport(outcome: Outcome): string {
  const { plan, violations, history } = outcome
  const { seed, settings } = plan
  const keys = new Set(violations.map(({ key }) => key))
  return [
    `seed ${seed} fails; play it again with: npm run sim -- --seed ${seed} --verbose`,
    ...violations.map(({ rule, key, explanation }) => `  ${rule}${key === '' ? '' : ` of ${key}`}: ${explanation}`),
    `settings: ${JSON.stringify(settings)}`,
    'steps, in ms:',
    ...plan.steps.map((step) => `  ${stepText(step)}`),
    'history, in ms:',
    ...historyLines(history, keys),
  ].join('\n')
}

function stepText({ atMs, id, ...rest }: Plan['steps'][number]): string {
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return `${String(atMs).padStart(9)} ${facts.join(', ')} (step ${id})`
}

function historyLines({ operations }: History, keys: ReadonlySet<string>): string[] {
  const isTelling = ({ kind, key }: Operation) => keys.has('') || keys.has(key) || kind === 'clear'
  return operations.filter(isTelling).map((operation) => `  ${operationText(operation)}`)
}

function operationText(operation: Operation): string {
  const { index, client, kind, key, value, invokedAt, returnedAt, outcome, expiresAtMs } = operation
  const from = (invokedAt - startMs).toFixed(2).padStart(12)
  const to = (returnedAt === null ? 'open' : (returnedAt - startMs).toFixed(2)).padStart(12)
  const what = kind === 'get' ? `→ ${value ?? 'nothing'}` : (value ?? '')
  const expiry = expiresAtMs === null ? '' : ` until ${expiresAtMs - startMs}`
  return `${from} ${to} #${index} ${client} ${kind} ${key} ${what}${expiry} ${outcome}`
}
