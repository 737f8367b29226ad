import Keyv from 'keyv'
import { describe, expect, it } from 'vitest'
import { memoryReplica } from '../../adapters/memory/memory-replica.ts'
import { QuorumError, ReplicaError } from '../../src/errors.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'
import type { Replica } from '../../src/replica.ts'
import { throwing, throwingOptions } from '../../src/throwing-keyv.ts'

function down(id: string): Replica {
  const fail = () => Promise.reject(new ReplicaError('UNAVAILABLE', 'connection refused', { replica: id }))
  return {
    ...memoryReplica({ id }),
    getMany: fail,
    getVersions: fail,
    putManyIfNewer: fail,
    scan: () => failing(fail),
  }
}

async function* failing(fail: () => Promise<never>): AsyncGenerator<never> {
  yield await fail()
}

const storeWithoutQuorum = () => new KeyvQuorum([memoryReplica({ id: 'a' }), down('b'), down('c')])

/** As `createKeyv` makes it; that one itself takes the keyv of the installation, and here that is keyv 6. */
const throwingKeyv = () => throwing(new Keyv(storeWithoutQuorum(), throwingOptions))

const everyCall: readonly [string, (keyv: Keyv) => Promise<unknown>][] = [
  ['get', (keyv) => keyv.get('k')],
  ['get of many', (keyv) => keyv.get(['k', 'l'])],
  ['getMany', (keyv) => keyv.getMany(['k', 'l'])],
  ['getRaw', (keyv) => keyv.getRaw('k')],
  ['has', (keyv) => keyv.has('k')],
  ['hasMany', (keyv) => keyv.hasMany(['k'])],
  ['set', (keyv) => keyv.set('k', 1)],
  ['setMany', (keyv) => keyv.setMany([{ key: 'k', value: 1 }])],
  ['delete', (keyv) => keyv.delete('k')],
  ['deleteMany', (keyv) => keyv.deleteMany(['k'])],
  ['clear', (keyv) => keyv.clear()],
  [
    'iterator',
    async (keyv) => {
      for await (const _entry of keyv.iterator?.(undefined) ?? []);
    },
  ],
]

describe('a lost quorum under keyv 5', () => {
  it.each(everyCall)('rejects %s, listeners or not', async (_name, call) => {
    const keyv = throwingKeyv()
    await expect(call(keyv)).rejects.toBeInstanceOf(QuorumError)
    keyv.on('error', () => undefined)
    await expect(call(keyv)).rejects.toBeInstanceOf(QuorumError)
    await keyv.disconnect()
  })

  it('is announced to the listeners of writes too', async () => {
    const keyv = throwingKeyv()
    const heard: unknown[] = []
    keyv.on('error', (error: unknown) => heard.push(error))
    await expect(keyv.set('k', 1)).rejects.toBeInstanceOf(QuorumError)
    expect(heard).toEqual([expect.any(QuorumError)])
    await keyv.disconnect()
  })

  it('is swallowed by the get of a plain Keyv, which is why createKeyv asks for throwOnErrors', async () => {
    const keyv = new Keyv(storeWithoutQuorum())
    expect(await keyv.get('k')).toBeUndefined()
    await keyv.disconnect()
  })

  it('leaves other events and errors as they are', () => {
    const keyv = throwingKeyv()
    const heard: unknown[] = []
    keyv.on('error', (error: unknown) => heard.push(error))
    keyv.on('clear', () => heard.push('cleared'))
    keyv.emit('error', 'symbol cannot be serialized')
    keyv.emit('clear')
    expect(heard).toEqual(['symbol cannot be serialized', 'cleared'])
  })
})
