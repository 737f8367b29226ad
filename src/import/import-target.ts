import type { RecordHead } from '../core/record.ts'
import type { Version } from '../core/version.ts'

/** A record on its way in, with a version of `imported-version.ts`. */
export interface ImportedRecord {
  /** The text that replicas know the key by: namespace and key, as `core/key.ts` puts them together. */
  readonly key: string
  readonly payload: string
  /** ms since 1970; null for never. */
  readonly expiresAtMs: number | null
  readonly version: Version
}

/** The part of a `KeyvQuorum` that an import uses. */
export interface ImportTarget {
  withNamespace(namespace: string | undefined): {
    explain(key: string): Promise<{ readonly winner: RecordHead | null }>
  }
  /**
   * Writes each record with the version that it carries.
   * @returns for each whether a quorum holds it now, or something newer was kept
   */
  putImported(records: readonly ImportedRecord[]): Promise<readonly ('imported' | 'kept')[]>
}
