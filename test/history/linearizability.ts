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

function violationOf({ key, reads }: KeyHistory, { holds, stuck }: Impasse): Violation {
  const operation = stuck.kind === 'read' ? stuck.read.operation : stuck.write.operation
  const found = stuck.kind === 'read' && typeof stuck.read.found === 'object' ? stuck.read.found : null
  // Nothing replaces a value of which reads are still to come.
  const waiting = stuck.kind === 'read' ? undefined : reads.findLast((read) => read.found === holds)
  const held = holds === null ? 'nothing' : `what ${named(holds.operation)} wrote`
  const explanation =
    `there is no order in which each operation happens at one moment: in the longest that works the key holds ${held}, ` +
    `and then ${named(operation)}${stuck.kind === 'must expire' ? ', expired,' : ''} would have to come next` +
    (waiting === undefined ? '' : `, with ${named(waiting.operation)} still to come`)
  const involved = [holds, found, waiting].flatMap((each) => each?.operation.index ?? [])
  const operations = [...new Set([...involved, operation.index])].toSorted((x, y) => x - y)
  return { rule: 'linearizability', key, operations, explanation }
}
