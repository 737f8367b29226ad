import type { FuzzTarget } from './target.ts'
import { keyTarget, keyTextTarget } from './targets/keys.ts'
import { ledgerTarget } from './targets/ledgers.ts'
import { plausibleLiarTarget, senselessLiarTarget } from './targets/liars.ts'
import { payloadTarget, valueTarget } from './targets/payloads.ts'
import { memoryPositionTarget, postgresPositionTarget, sqlitePositionTarget } from './targets/positions.ts'
import { forgedHeadTarget, recordTarget } from './targets/records.ts'
import { secretTarget, settingsTarget, uriTarget } from './targets/sources.ts'

/** Everything that takes input from outside. */
export const fuzzTargets: readonly FuzzTarget[] = [
  recordTarget,
  forgedHeadTarget,
  valueTarget,
  payloadTarget,
  keyTarget,
  keyTextTarget,
  ledgerTarget,
  memoryPositionTarget,
  sqlitePositionTarget,
  postgresPositionTarget,
  uriTarget,
  settingsTarget,
  secretTarget,
  senselessLiarTarget,
  plausibleLiarTarget,
]
