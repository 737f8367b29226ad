import type { History, Violation } from './history.ts'
import { inventions, type KeyHistory, splitByKey } from './key-history.ts'
import { type Impasse, Linearization } from './linearization.ts'
import { type ClockTolerances, RealTime } from './real-time.ts'
import { named } from './wording.ts'

/**
 * Linearizability of each key (G4): every operation seems to happen at one moment between its invocation and its answer.
 *
 * - A write of unknown outcome happens once at any moment after its invocation, or never. One that failed for certain never
 *   does.
 * - A value reads as absent from its expiry on, at the moment at which the get happens; within the tolerance, each get may
 *   go by a clock of its own.
 * - A clear is no operation on one key. Each key is deleted once or more often between its invocation and its answer, or,
 *   when nobody heard its answer, as often as it likes afterwards; but then only values that were on their way before it ended.
 */
export function checkLinearizability(history: History, tolerances: ClockTolerances = {}): Violation[] {
  const time = new RealTime(tolerances)
  return splitByKey(history).flatMap((key) => {
    const impasse = new Linearization(key, time).impasse()
    return [...inventions('linearizability', key), ...(impasse === null ? [] : [violationOf(key, impasse)])]
  })
}

function violationOf({ key }: KeyHistory, { holds, stuck }: Impasse): Violation {
  const held = holds === null ? 'nothing' : `what ${named(holds.operation)} wrote`
  const operation = stuck.kind === 'read' ? stuck.read.operation : stuck.write.operation
  const found = stuck.kind === 'read' && typeof stuck.read.found === 'object' ? [stuck.read.found.operation.index] : []
  const involved = new Set([...(holds === null ? [] : [holds.operation.index]), ...found, operation.index])
  const explanation =
    `there is no order in which each operation happens at one moment: in the longest that works the key holds ${held}, ` +
    `and then ${named(operation)} would have to come next${stuck.kind.endsWith('expire') ? ', expired' : ''}`
  return { rule: 'linearizability', key, operations: [...involved].toSorted((a, b) => a - b), explanation }
}
