import { answerCases } from './answer-cases.ts'
import { changesCases } from './changes-cases.ts'
import { corruptionCases } from './corruption-cases.ts'
import { digestCases } from './digest-cases.ts'
import { filterCases } from './filter-cases.ts'
import { lifetimeCases } from './lifetime-cases.ts'
import { oddKeysCases } from './odd-keys-cases.ts'
import { orderCases } from './order-cases.ts'
import { purgeCases } from './purge-cases.ts'
import { raceCases } from './race-cases.ts'
import { scanCases } from './scan-cases.ts'
import { serverCases } from './server-cases.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'
import { vouchingCases } from './vouching-cases.ts'

export type { ConformanceSubject, OtherProcess, ReplicaModule, ServerControl, TestApi } from './subject.ts'

/**
 * The conformance suite of replicas: proves that an adapter keeps the contract of `Replica`, and what it states in
 * `guarantees`. It runs under any runner with `describe` and `it`:
 *
 * ```ts
 * import * as vitest from 'vitest'
 * import { replicaConformance } from 'keyv-quorum/conformance'
 *
 * replicaConformance(vitest, {
 *   name: 'my backend',
 *   guarantees: { putIfNewer: 'atomic', sharedBy: 'network', backend: 'mine' },
 *   open: () => myReplica('mine://127.0.0.1:4242/test'),
 *   wipe: () => emptyMyServer(),
 *   otherProcess: { module: new URL('./open-my-replica.ts', import.meta.url), argument: 'mine://127.0.0.1:4242/test' },
 *   corruptPayload: (key) => overwritePayload(key),
 *   corruptHead: (key) => overwriteVersion(key),
 *   loseData: () => emptyMyServer(),
 *   server: { freeze, thaw, kill, start, keepsData: true },
 * })
 * ```
 *
 * Every case begins with `wipe()`, so the subject needs a backend of its own, and its cases must not run at once. What
 * the subject leaves out (damage, a loss behind open connections, a server to stop) is not proved, nor are the optional
 * methods that the replica does not have; a replica that others share must say how another
 * process opens it, because that is what its guarantee is about.
 */
export function replicaConformance(test: TestApi, subject: ConformanceSubject): void {
  test.describe(`replica conformance: ${subject.name}`, () => {
    answerCases(test, subject)
    orderCases(test, subject)
    oddKeysCases(test, subject)
    corruptionCases(test, subject)
    purgeCases(test, subject)
    scanCases(test, subject)
    filterCases(test, subject)
    digestCases(test, subject)
    changesCases(test, subject)
    lifetimeCases(test, subject)
    vouchingCases(test, subject)
    raceCases(test, subject)
    serverCases(test, subject)
  })
}
