import {
  type RecordHead,
  type RecordStamp,
  type StoredHead,
  storedHeadOf,
  type VersionedRecord,
} from '../../src/core/record.ts'
import { compareRecords } from '../../src/core/resolve.ts'
import type { Entry, PutOutcome } from '../../src/replica.ts'
import type { MemoryChanges } from './memory-changes.ts'

/** What a memory replica holds. Each put is atomic because nothing here waits. */
export class MemoryRecords {
  readonly byKey = new Map<string, VersionedRecord>()
  readonly changes: MemoryChanges

  constructor(changes: MemoryChanges) {
    this.changes = changes
  }

  get(key: string): VersionedRecord | null {
    return this.byKey.get(key) ?? null
  }

  getHead(key: string): StoredHead | null {
    const record = this.byKey.get(key)
    return record === undefined ? null : storedHeadOf(record)
  }

  putIfNewer({ record }: Entry): PutOutcome {
    const held = this.byKey.get(record.key)
    const order = held === undefined ? 1 : compareRecords(record, held)
    if (held !== undefined && order < 0) return { status: 'superseded', by: stampOf(held) }

    const retainUntilMs = Math.max(record.retainUntilMs, held?.retainUntilMs ?? 0)
    const kept = held !== undefined && order === 0 ? held : record
    this.byKey.set(record.key, kept.retainUntilMs === retainUntilMs ? kept : { ...kept, retainUntilMs })
    if (order === 0) return { status: 'held', retainUntilMs }
    this.changes.note(record.key)
    return { status: 'stored', retainUntilMs, replaced: held === undefined ? null : stampOf(held) }
  }

  purge({ key, version }: RecordHead): boolean {
    return this.byKey.get(key)?.version === version && this.byKey.delete(key)
  }
}

function stampOf({ version, kind, expiresAtMs, retainUntilMs }: RecordStamp): RecordStamp {
  return { version, kind, expiresAtMs, retainUntilMs }
}
