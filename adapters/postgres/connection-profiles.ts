import { sqlStateOf } from './postgres-errors.ts'
import type { PgConnectionSettings } from './postgres-source.ts'

const connectTimeoutMs = 5000
const keepAliveAfterMs = 10_000
/** Ends what a caller has long given up, where the server does not notice by itself that the caller is gone. */
const statementTimeoutMs = 10_000
const lockTimeoutMs = 5000

const always = {
  application_name: 'keyv-quorum',
  connectionTimeoutMillis: connectTimeoutMs,
  keepAlive: true,
  keepAliveInitialDelayMillis: keepAliveAfterMs,
}

const limits = { statement_timeout: statementTimeoutMs, lock_timeout: lockTimeoutMs }

/**
 * Plans that are made once and stay right while the table grows: planning a small batch anew costs as much as running it.
 * And the isolation under which a put compares with the newest record.
 */
const sessionSettings = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'jit=off',
  'default_transaction_isolation=read\\ committed',
]

/** Ends the statement of a caller who has hung up. */
const noticeLostClient = 'client_connection_check_interval=1000'

/** PostgreSQL 12 and 13 do not know `client_connection_check_interval`. */
const unknownParameter = '42704'
/** A pooler, which knows only what it can keep apart for its clients. */
const unsupportedByPooler = '08P01'

/**
 * With which settings to connect: the richest that the server understands. Nothing depends on those that a pooler
 * in transaction mode refuses: every call ends by our own clock, and every statement says all that it needs.
 */
export class ConnectionProfiles {
  readonly #profiles: readonly object[]
  #index = 0

  constructor(settings: PgConnectionSettings) {
    const given = settings.options ?? process.env.PGOPTIONS ?? ''
    const options = (session: readonly string[]) => ({
      options: [...session.map((setting) => `-c ${setting}`), given].join(' ').trim(),
    })
    this.#profiles = [
      { ...always, ...limits, ...settings, ...options([...sessionSettings, noticeLostClient]) },
      { ...always, ...limits, ...settings, ...options(sessionSettings) },
      { ...always, ...settings },
    ]
  }

  current(): object {
    return this.#profiles[this.#index] ?? always
  }

  /** Whether another attempt is worth while, because the server did not understand these settings. */
  lower(tried: object, error: unknown): boolean {
    const cause = error instanceof Error ? error.cause : undefined
    const state = sqlStateOf(cause)
    const triedIndex = this.#profiles.indexOf(tried)
    const last = this.#profiles.length - 1
    if (triedIndex === last || (state !== unknownParameter && state !== unsupportedByPooler)) return false
    this.#index = Math.max(this.#index, state === unsupportedByPooler ? last : triedIndex + 1)
    return true
  }
}
