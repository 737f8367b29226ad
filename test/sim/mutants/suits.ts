import type { Plan, Step } from '../plan.ts'

/** Which runs are worth playing for a mutant. */
export type Suits = (plan: Plan) => boolean

export function all(...conditions: readonly Suits[]): Suits {
  return (plan) => conditions.every((suits) => suits(plan))
}

export function inMode(...modes: readonly Plan['settings']['mode'][]): Suits {
  return ({ settings }) => modes.includes(settings.mode)
}

/** @param times how often at least */
export function has(kind: Step['do'], times = 1): Suits {
  return ({ steps }) => steps.filter((step) => step.do === kind).length >= times
}

/** Where faults are arranged for what the theme is about. */
export function isAbout(theme: Plan['theme']): Suits {
  return (plan) => plan.theme === theme
}

/** Where servers drop by themselves what has had its time. */
export const expiresByItself: Suits = ({ settings }) => settings.expiryMarginMs !== null

/** Where clocks go apart by more than a message takes. */
export const hasSkew: Suits = ({ settings }) => settings.skewMaxMs >= 500 && settings.processes >= 2

/** Where values come and go by themselves. */
export const hasExpiry: Suits = ({ steps }) => steps.some((step) => 'ttlMs' in step && step.ttlMs !== null)
