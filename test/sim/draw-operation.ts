import type { Draw } from './draw.ts'
import type { Feature } from './draw-fault.ts'
import type { OperationStep, Settings } from './plan.ts'

/** When an operation begins, and of which kind it is; any kind where that is left open. */
export interface OperationWish {
  readonly atMs: number
  readonly among?: 'reads' | 'writes' | 'deletes'
}

export function drawOperation(
  draw: Draw,
  settings: Settings,
  chosen: readonly Feature[],
  { atMs, among }: OperationWish,
): OperationStep {
  const kind = draw.pick(among === undefined ? kindsFor(settings, chosen) : kindsAmong[among](chosen))
  const all = Array.from({ length: settings.keys }, (_, key) => key)
  const one = draw.whole(0, settings.keys - 1)
  const isBatch = kind === 'iterate' || (chosen.includes('batches') && draw.chance(0.3))
  const { gcGraceMs = 60_000 } = settings.options
  const ttlMs = draw.pick([1, 300, 2_000, 60_000, 0.5 * gcGraceMs, 3 * gcGraceMs])
  return {
    id: 0,
    atMs,
    do: kind,
    process: draw.whole(0, settings.processes - 1),
    lane: draw.whole(0, settings.lanes - 1),
    keys: isBatch ? all : [one],
    ttlMs: chosen.includes('expiry') && draw.chance(0.5) ? ttlMs : null,
  }
}

type Kinds = readonly OperationStep['do'][]

const kindsAmong: Record<NonNullable<OperationWish['among']>, (chosen: readonly Feature[]) => Kinds> = {
  reads: () => ['get', 'get', 'get', 'has'],
  writes: (chosen) => (chosen.includes('deletes') ? ['set', 'set', 'delete'] : ['set']),
  deletes: () => ['delete'],
}

function kindsFor(settings: Settings, chosen: readonly Feature[]): Kinds {
  const kinds: OperationStep['do'][] = ['set', 'set', 'set', 'get', 'get', 'get', 'get', 'has']
  if (chosen.includes('deletes')) kinds.push('delete', 'delete')
  if (chosen.includes('clears')) kinds.push('clear')
  // What a walk leaves out was absent, but not at one moment of all.
  if (chosen.includes('iteration') && settings.mode === 'quorum') kinds.push('iterate')
  return kinds
}
