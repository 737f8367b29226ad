/** The lineage that a caller was told, and what it rests on. */
export class ToldLineage {
  readonly text: string
  /** By the names of the links. */
  readonly servers: ReadonlyMap<string, ToldServer>
  #isRevoked = false

  constructor(text: string, servers: ReadonlyMap<string, ToldServer>) {
    this.text = text
    this.servers = servers
  }

  /** Something it rests on is not as it was. */
  get isRevoked(): boolean {
    return this.#isRevoked
  }

  revoke(): void {
    this.#isRevoked = true
  }
}

export interface ToldServer {
  readonly identity: string
  /** What its keyspace holds for as long as nobody empties it; null where none of the marks is at this server. */
  readonly mark: KeyspaceMark | null
}

export interface KeyspaceMark {
  readonly key: string
  readonly text: string
}
