import type { FuzzTarget } from './target.ts'
import { commandSecretTarget, commandTarget, flagTarget } from './targets/commands.ts'
import { connectionSecretTarget } from './targets/connections.ts'
import { endlessImportTarget } from './targets/endless-imports.ts'
import { endlessWalkTarget } from './targets/endless-walks.ts'
import { importSourceTarget, importTarget } from './targets/imports.ts'
import { keyTarget, keyTextTarget } from './targets/keys.ts'
import { ledgerTarget } from './targets/ledgers.ts'
import { plausibleLiarTarget, senselessLiarTarget } from './targets/liars.ts'
import { longInputTarget } from './targets/long-inputs.ts'
import { configFileTarget, configModuleTarget, configSecretTarget, optionTarget } from './targets/options.ts'
import { payloadTarget, valueTarget } from './targets/payloads.ts'
import { memoryPositionTarget, postgresPositionTarget, sqlitePositionTarget } from './targets/positions.ts'
import { forgedHeadTarget, recordTarget } from './targets/records.ts'
import { redisClusterTarget } from './targets/redis-clusters.ts'
import { redisPositionTarget } from './targets/redis-positions.ts'
import { redisReplyTarget } from './targets/redis-replies.ts'
import { redisWalkTarget } from './targets/redis-walks.ts'
import { redisWireTarget } from './targets/redis-wire.ts'
import { secretTarget, settingsTarget, uriTarget } from './targets/sources.ts'
import { storeTarget } from './targets/store-keys.ts'
import { sweepPlanTarget, sweepTarget } from './targets/sweeps.ts'

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
  redisPositionTarget,
  redisReplyTarget,
  redisWalkTarget,
  redisClusterTarget,
  redisWireTarget,
  uriTarget,
  settingsTarget,
  secretTarget,
  optionTarget,
  configFileTarget,
  configModuleTarget,
  configSecretTarget,
  sweepPlanTarget,
  sweepTarget,
  flagTarget,
  commandTarget,
  commandSecretTarget,
  connectionSecretTarget,
  longInputTarget,
  importTarget,
  importSourceTarget,
  storeTarget,
  senselessLiarTarget,
  plausibleLiarTarget,
  endlessWalkTarget,
  endlessImportTarget,
]
