/** The part of `pg` that is used. */
export interface PgDriver {
  readonly Client: new (settings: object) => PgClient
}

export interface PgClient {
  readonly connection: {
    readonly stream: PgStream
    on(event: 'parameterStatus', listener: (status: PgParameterStatus) => void): unknown
  }
  connect(): Promise<unknown>
  query(request: PgRequest): Promise<PgResult>
  /** Also when the server closes the connection without a word. */
  on(event: 'error', listener: (error: unknown) => void): unknown
  end(): Promise<unknown>
}

/** A socket, or whatever a `stream` setting gives in its place. */
export interface PgStream {
  destroy(): unknown
  destroySoon?(): unknown
  ref?(): unknown
  unref?(): unknown
  setTimeout?(timeoutMs: number): unknown
  on(event: 'timeout', listener: () => void): unknown
}

export interface PgParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

export interface PgRequest {
  readonly text: string
  readonly name?: string
  readonly values?: readonly unknown[]
  readonly rowMode: 'array'
  readonly types: { getTypeParser(): (text: string) => string }
}

export interface PgResult {
  readonly rows: readonly (readonly (string | null)[])[]
}

/** Loaded when the first connection is made, because it is an optional peer. */
export async function loadPgDriver(): Promise<PgDriver> {
  const driver: { readonly default: unknown } = await import('pg')
  return driver.default as PgDriver
}
