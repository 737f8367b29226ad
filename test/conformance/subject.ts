import type { Replica, ReplicaGuarantees } from '../../src/replica.ts'

/** The part of a test runner that the suite uses: that of vitest, Jest, Bun and `node:test` fits as it is. */
export interface TestApi {
  describe(name: string, body: () => void): unknown
  /** @param timeoutMs how long the case may take; runners without such a parameter may ignore it */
  it(name: string, body: () => Promise<void>, timeoutMs: number): unknown
}

/** The adapter under test, and what the suite must be able to do to its backend. */
export interface ConformanceSubject {
  /** Titles the cases, as in `redis 7 over TLS`. */
  readonly name: string
  /** What the adapter states; the suite proves it, and fails when a replica states anything else. */
  readonly guarantees: ReplicaGuarantees
  /**
   * A new connection to the same data, at every call. It must succeed while the server is down. Where the data lives in
   * the replica object itself (`sharedBy: 'process'`), it is the same object until that is closed or wiped.
   */
  open(): Promise<Replica> | Replica
  /** Loses all data, as an operator would: empties the server, drops the table, removes the file. */
  wipe(): Promise<void>
  /**
   * Loses everything that the backend holds while connections stay open, as by FLUSHALL, TRUNCATE or an unlinked file:
   * the next call of a replica that told its lineage rejects then, and the lineage is another one.
   */
  loseData?(): Promise<void>
  /** How another process opens the same data. Required unless the data is private to the process. */
  readonly otherProcess?: OtherProcess
  /** Damages the payload or checksum stored under the key, behind the adapter's back; the head stays readable. */
  corruptPayload?(key: string): Promise<void>
  /** Damages what is stored under the key so that not even its version can be read. */
  corruptHead?(key: string): Promise<void>
  /** Raises one digit of the stored version, so that the head reads as that of a later record. */
  corruptVersion?(key: string): Promise<void>
  /** Controls the server behind the replica, where there is one. */
  readonly server?: ServerControl
}

export interface OtherProcess {
  /**
   * An ES module, by absolute path or `file:` URL, that exports
   * `openReplica(argument: string): Promise<Replica> | Replica`.
   */
  readonly module: string | URL
  /** Handed to `openReplica` as it is: a URI or a file name, say. Default: empty. */
  readonly argument?: string
}

/**
 * Each promise resolves when the thing is done: `start` when the server accepts connections again. `thaw` and `start` do
 * nothing where nothing is frozen or down.
 */
export interface ServerControl {
  /** The server still accepts connections and never answers, as after SIGSTOP. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** The server is gone without a goodbye, as after SIGKILL. */
  kill(): Promise<void>
  /** Starts it again at the same address. */
  start(): Promise<void>
  /** Whether acknowledged writes outlive {@link kill}. Where they do not, the lineage must change. */
  readonly keepsData: boolean
}

/** What a module named by {@link OtherProcess} exports. */
export interface ReplicaModule {
  openReplica(argument: string): Promise<Replica> | Replica
}
