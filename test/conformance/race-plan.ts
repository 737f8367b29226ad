import { newTombstone, newValue, type VersionedRecord } from '../../src/core/record.ts'
import type { Entry, PutOutcome, Replica } from '../../src/replica.ts'
import { patient } from './conformance-case.ts'
import { numberedKeys, versionAt } from './samples.ts'

/** Many writers that put different versions of the same few keys as fast as they can. JSON, so that processes get it. */
export interface RacePlan {
  readonly writers: number
  readonly putsPerWriter: number
  readonly keys: number
  readonly seed: number
  /** Retention of the records starts here, in ms since 1970; late enough that no backend expires them. */
  readonly retainFromMs: number
}

export interface RacedPut {
  readonly record: VersionedRecord
  readonly outcome: PutOutcome
}

const batchKeysMost = 8
const lanesMost = 4

/** 10,000 puts by 8 writers over 16 keys. */
export function racePlan(): RacePlan {
  return { writers: 8, putsPerWriter: 1250, keys: 16, seed: 20_240_229, retainFromMs: Date.now() + 86_400_000 }
}

export function raceKeys(plan: RacePlan): string[] {
  return numberedKeys(plan.keys, 'race')
}

/** Puts all batches of one writer, a few at a time. */
export async function runWriter(replica: Replica, plan: RacePlan, writer: number): Promise<RacedPut[]> {
  const batches = batchesOf(plan, writer, Math.min(batchKeysMost, replica.limits.batchKeysMax))
  const puts: RacedPut[] = []
  const lane = async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const outcomes = await replica.putManyIfNewer(batch, patient)
      for (const [index, { record }] of batch.entries()) {
        const outcome = outcomes[index]
        if (outcome === undefined) throw new Error(`${outcomes.length} outcomes for ${batch.length} puts`)
        puts.push({ record, outcome })
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanesMost, replica.limits.callsInFlightMax) }, lane))
  return puts
}

/** In the order from last to first: versions rise as the writers go on, with enough jitter to overtake each other. */
function batchesOf(plan: RacePlan, writer: number, batchKeysMax: number): Entry[][] {
  const keys = raceKeys(plan)
  const below = randomNumbers(plan.seed + writer)
  const batches: Entry[][] = []
  for (let put = 0; put < plan.putsPerWriter; ) {
    const size = Math.min(1 + below(batchKeysMax), plan.putsPerWriter - put)
    const first = below(keys.length)
    const batch = Array.from({ length: size }, (_, index) => {
      const key = keys[(first + index) % keys.length] as string
      return { record: racedRecord(plan, key, put + index, writer, below) }
    })
    batches.push(batch)
    put += size
  }
  return batches.reverse()
}

function racedRecord(
  plan: RacePlan,
  key: string,
  put: number,
  writer: number,
  below: (limit: number) => number,
): VersionedRecord {
  // The put itself is part of the version, so that no two puts of a writer share one.
  const version = versionAt(1 + put + below(60), writer * 1_000_000 + put)
  const retainUntilMs = plan.retainFromMs + below(1_000_000)
  const record = below(4) === 0 ? newTombstone(key, version, 0) : newValue(key, version, `of ${version}`, null)
  return { ...record, retainUntilMs }
}

/** The same numbers for the same seed (mulberry32), so that every process knows what the others put. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}
