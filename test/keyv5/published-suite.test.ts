import { keyvApiTests, keyvIteratorTests, keyvNamespaceTest, keyvValueTests } from '@keyv/test-suite'
import Keyv from 'keyv'
import * as vitest from 'vitest'
import type { KeyvQuorum } from '../../src/keyv-quorum.ts'
import { backdrops } from '../faces/stores.ts'

/**
 * The suite that Keyv publishes for its storage adapters, under keyv 5. A store belongs to one Keyv at a time, as with
 * the official adapters: each Keyv that the suite makes gets one of its own, over the same replicas.
 */
for (const backdrop of backdrops) {
  vitest.describe(`@keyv/test-suite over ${backdrop.name}`, () => {
    let ready: Awaited<ReturnType<typeof backdrop.prepare>>
    let shared: KeyvQuorum
    vitest.beforeAll(async () => {
      ready = await backdrop.prepare()
      shared = ready.open()
    })
    vitest.afterAll(() => ready.close())

    const store = () => shared.withNamespace(undefined)
    keyvApiTests(vitest, Keyv, store)
    keyvValueTests(vitest, Keyv, store)
    keyvNamespaceTest(vitest, Keyv, store)
    keyvIteratorTests(vitest, Keyv, store)
  })
}
