import type { HashRange } from '../../src/core/hash.ts'
import { inRange, keyHash } from '../../src/core/hash.ts'
import { type ScanEntry, unreadableHead, type VersionedRecord } from '../../src/core/record.ts'
import type { Version } from '../../src/core/version.ts'
import type { Entry, PutOutcome, ReadAnswer } from '../../src/replica.ts'
import { ScriptedReplica } from '../support/scripted-replica.ts'
import { ScriptedStore } from '../support/scripted-store.ts'

/** A scripted replica that tells in scans what it cannot read, and what of a damaged record a put may replace. */
export class StagedReplica extends ScriptedReplica {
  override readonly store = new StagedStore()
}

class StagedStore extends ScriptedStore {
  override get(key: string): ReadAnswer {
    const answer = super.get(key)
    const held = this.#damagedRecord(key)
    return answer?.kind === 'corrupt' && held !== null ? { ...answer, storedIdentity: identityOf(held) } : answer
  }

  override put(entry: Entry): PutOutcome {
    const { record, mendsIdentity } = entry
    const held = this.#damagedRecord(record.key)
    if (mendsIdentity === undefined || held === null || identityOf(held) !== mendsIdentity) return super.put(entry)
    const retainUntilMs = Math.max(record.retainUntilMs, held.retainUntilMs)
    this.place({ ...record, retainUntilMs })
    return { status: 'stored', retainUntilMs, replaced: held }
  }

  override heads(range: HashRange, keyPrefix: string): ScanEntry[] {
    const unreadable = this.keys
      .filter((key) => this.#isWrecked(key) && key.startsWith(keyPrefix) && inRange(keyHash(key), range))
      .map(unreadableHead)
    return [...super.heads(range, keyPrefix), ...unreadable]
  }

  /** Raises the first digit of a stored version: the head reads as that of a later record, and its checksum tells. */
  raiseVersion(key: string): void {
    const held = this.peek(key)
    if (held === null) return
    const version: Version = `7${held.version.slice(1)}`
    this.place({ ...held, version })
    this.damage(key, 'payload')
  }

  /** What is damaged in such a way that its head still reads. */
  #damagedRecord(key: string): VersionedRecord | null {
    return this.isDamaged(key) && !this.#isWrecked(key) ? this.peek(key) : null
  }

  #isWrecked(key: string): boolean {
    return this.getVersion(key)?.kind === 'corrupt'
  }
}

function identityOf({ version, kind }: VersionedRecord): string {
  return `${version} ${kind}`
}
