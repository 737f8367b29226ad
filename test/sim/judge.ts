import type { History, Violation } from '../history/history.ts'
import type { World } from './world.ts'

/** Holds a history against the rules that its store promised to keep. */
export function judge(_world: World, _history: History): Violation[] {
  return []
}
