import { parseKeyText } from '../src/core/key.ts'

const steps = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** `3 min ago`, `in 2 h`, `now`; days and times of day say little when something is wrong now. */
export function timeFromNow(atMs: number, nowMs: number): string {
  const distanceMs = Math.abs(nowMs - atMs)
  const step = steps.find(([, ms]) => distanceMs >= ms)
  if (step === undefined) return 'now'
  const [unit, ms] = step
  const count = Math.floor(distanceMs / ms)
  const text = `${count} ${unit}${unit === 'day' && count > 1 ? 's' : ''}`
  return atMs <= nowMs ? `${text} ago` : `in ${text}`
}

export function grouped(value: number): string {
  return value.toLocaleString('en-US')
}

export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${grouped(count)} ${count === 1 ? singular : plural}`
}

/** A key text as a person types it: quoted, where there is anything in it that cannot be seen. */
export function shownKey(keyText: string): string {
  const { namespace, key } = parseKeyText(keyText)
  return namespace === undefined ? quotedIfOdd(key) : `${quotedIfOdd(key)} in ${quotedIfOdd(namespace)}`
}

function quotedIfOdd(text: string): string {
  return /^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text)
}
