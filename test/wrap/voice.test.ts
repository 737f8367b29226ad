import { describe, expect, test } from 'vitest'
import { ReplicaError } from '../../src/errors.ts'
import { VoiceGate } from '../../src/wrap/voice.ts'

const options = { timeoutMs: 100 }

interface Scene {
  readonly gate: VoiceGate
  /** Ends the oldest check that is under way. */
  end(error?: Error): void
  checks(): number
}

function openGate(): Scene {
  const open: { resolve: () => void; reject: (error: Error) => void }[] = []
  let checks = 0
  const gate = new VoiceGate('A', () => {
    checks += 1
    return new Promise<void>((resolve, reject) => open.push({ resolve, reject }))
  })
  const end = (error?: Error) => {
    const check = open.shift()
    if (error === undefined) check?.resolve()
    else check?.reject(error)
  }
  return { gate, end, checks: () => checks }
}

async function grantedGate(): Promise<Scene> {
  const scene = openGate()
  const checked = scene.gate.verify(options)
  scene.gate.grant()
  scene.end()
  await checked
  return scene
}

describe('what a replica says', () => {
  test('does not count before it is granted, and says why', () => {
    const { gate } = openGate()
    expect(gate.voice).toBeNull()
    expect(gate.whySilent).toBeInstanceOf(ReplicaError)
    expect(gate.whySilent).toMatchObject({ code: 'UNAVAILABLE', replica: 'A' })
  })

  test('counts under one and the same voice, however often it is granted', async () => {
    const { gate } = await grantedGate()
    const { voice } = gate
    gate.grant()
    expect(voice).not.toBeNull()
    expect(gate.voice).toBe(voice)
  })

  test('counts no more when it is silenced, and what was asked before counts not even when it is granted again', async () => {
    const { gate } = await grantedGate()
    const before = gate.voice
    gate.silence('its lineage changed')
    expect(gate.voice).toBeNull()
    expect(gate.whySilent.reason).toContain('its lineage changed')
    gate.grant()
    expect(gate.voice).not.toBeNull()
    expect(gate.voice).not.toBe(before)
  })

  test('does not count from a failure on until its lineage was told, and counts under the same voice when that is the same', async () => {
    const { gate, end } = await grantedGate()
    const before = gate.voice
    gate.distrust()
    expect(gate.voice).toBeNull()
    expect(gate.whySilent).toMatchObject({ code: 'UNAVAILABLE', replica: 'A' })
    const again = gate.verify(options)
    expect(gate.voice).toBeNull()
    end()
    await again
    expect(gate.voice).not.toBeNull()
    expect(gate.voice).toBe(before)
  })
})

describe('the check', () => {
  test('is one for all who ask while it is under way, and none is needed afterwards', async () => {
    const { gate, end, checks } = openGate()
    const first = gate.verify(options)
    expect(gate.verify(options)).toBe(first)
    expect(gate.isChecked).toBe(false)
    end()
    await first
    expect([checks(), gate.isChecked, gate.verify(options)]).toEqual([1, true, null])
  })

  test('is repeated after a failure, which all who asked are told', async () => {
    const { gate, end, checks } = openGate()
    const both = [gate.verify(options), gate.verify(options)]
    end(new Error('gone'))
    for (const end of await Promise.allSettled(both)) expect(end).toMatchObject({ status: 'rejected' })
    expect(gate.isChecked).toBe(false)
    const again = gate.verify(options)
    end()
    await again
    expect([checks(), gate.isChecked]).toEqual([2, true])
  })

  test('is repeated after the replica was distrusted', async () => {
    const { gate, end, checks } = openGate()
    const first = gate.verify(options)
    end()
    await first
    gate.distrust()
    const again = gate.verify(options)
    expect(again).not.toBeNull()
    end()
    await again
    expect([checks(), gate.verify(options)]).toEqual([2, null])
  })

  test('that was under way when the replica was distrusted is not enough', async () => {
    const { gate, end, checks } = openGate()
    const first = gate.verify(options)
    gate.distrust()
    end()
    await first
    expect(gate.isChecked).toBe(false)
    const again = gate.verify(options)
    end()
    await again
    expect([checks(), gate.isChecked]).toEqual([2, true])
  })
})

test('where nobody asks for lineages, everything counts, whatever happens', () => {
  const gate = VoiceGate.granted('A')
  const { voice } = gate
  gate.distrust()
  expect(voice).not.toBeNull()
  expect([gate.voice, gate.isChecked, gate.verify(options)]).toEqual([voice, true, null])
})
