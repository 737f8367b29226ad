import type { ImportSource } from '../../src/import/import-source.ts'

/** A source that holds a connection. */
export interface ClosableSource extends ImportSource {
  /** Lets go of the connection at once, also of one whose server never answers. */
  close(): void
}

export interface UriSourceOptions {
  readonly namespace: string | undefined
  /** Of PostgreSQL and SQLite. */
  readonly table: string
  /** Of PostgreSQL. */
  readonly schema: string
}
