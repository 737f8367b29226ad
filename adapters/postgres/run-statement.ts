import type { Row } from './postgres-rows.ts'
import type { StatementName } from './postgres-statements.ts'

/** Runs statements inside one call: one after the other, on one connection, inside one time limit. */
export type RunStatement = (name: StatementName, values: readonly unknown[]) => Promise<readonly Row[]>
