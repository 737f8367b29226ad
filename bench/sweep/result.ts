import type { Sample } from '../load.ts'
import { spread } from '../load.ts'
import type { Figures } from './meter.ts'

/** What was measured of one goal. */
export interface SweepCaseResult {
  readonly name: string
  /** What has to be true of the median. */
  readonly goal: string
  readonly met: boolean
  /** What the goal is about, round by round: a ratio, unless the goal names a unit. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number }
  /** By who was measured, medians of all rounds. */
  readonly figures: Readonly<Record<string, Figures | Sample>>
}

export interface SweepGoal {
  readonly name: string
  readonly goal: string
  /** Infinity for what is only reported. */
  readonly atMost: number
  readonly values: readonly number[]
  readonly figures: SweepCaseResult['figures']
}

export function resultOf({ name, goal, atMost, values, figures }: SweepGoal): SweepCaseResult {
  const { median, min, max } = spread(values)
  const rounded = { median: round(median), min: round(min), max: round(max) }
  return { name, goal, met: median <= atMost, ratio: rounded, figures }
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
