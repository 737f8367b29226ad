import type { CallOptions, Entry } from '../replica.ts'
import type { CoordinatorContext } from './context.ts'
import type { Sent } from './write-slot.ts'

/** What is put: nothing but the records, because an adapter may hand its entries to another thread. */
export function entriesOf(sent: readonly Sent[]): readonly Entry[] {
  return sent.map(({ record }) => ({ record }))
}

/** Replicas that are not full for the first time yet are written to, and nobody waits for them. */
export function putAtNewcomers(
  { newcomers, hints }: CoordinatorContext,
  entries: readonly Entry[],
  options: CallOptions,
): void {
  for (const newcomer of newcomers) {
    newcomer.putManyIfNewer(entries, options).catch(() => {
      const keys = entries.map(({ record }) => record.key)
      hints.add(newcomer.id, keys)
    })
  }
}
