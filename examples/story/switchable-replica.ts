import { ReplicaError } from '../../src/index.ts'
import type { Replica } from '../../src/replica.ts'

/**
 * A replica with a switch. While it is off, every call fails as if nobody listened at its address, and what the replica
 * holds stays as it was: down for the store, whatever the backend behind it is.
 */
export interface SwitchableReplica extends Replica {
  readonly isOn: boolean
  switchOff(): void
  switchOn(): void
}

export function switchableReplica(real: Replica): SwitchableReplica {
  let isOn = true

  function assertOn(): void {
    if (!isOn) throw new ReplicaError('UNAVAILABLE', 'switched off by the story', { replica: real.id })
  }

  async function whileOn<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    assertOn()
    return call()
  }

  return {
    id: real.id,
    guarantees: real.guarantees,
    limits: real.limits,
    get isOn() {
      return isOn
    },
    switchOff() {
      isOn = false
    },
    switchOn() {
      isOn = true
    },
    getMany: (keys, options) => whileOn(() => real.getMany(keys, options)),
    getVersions: (keys, options) => whileOn(() => real.getVersions(keys, options)),
    putManyIfNewer: (entries, options) => whileOn(() => real.putManyIfNewer(entries, options)),
    purgeMany: (heads, options) => whileOn(() => real.purgeMany(heads, options)),
    lineage: (options) => whileOn(() => real.lineage(options)),
    async *scan(range, options) {
      assertOn()
      for await (const page of real.scan(range, options)) {
        assertOn()
        yield page
      }
    },
    // Two stores of the story use the replica, one after the other: whoever opened the real one closes it.
    close: async () => undefined,
  }
}
