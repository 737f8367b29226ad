import { rm } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { type MixedFaultsOptions, type MixedFaultsReport, runMixedFaults } from './mixed/run-mixed-faults.ts'

const patienceMs = 400_000

describe('four client processes over real servers, while servers, links, clocks and clients fail', () => {
  it.each([
    { mode: 'quorum', cast: 'mixed' },
    { mode: 'monotonic', cast: 'redis' },
    { mode: 'linearizable', cast: 'mixed' },
  ] as const)('are told nothing wrong in $mode mode ($cast cast)', { timeout: patienceMs }, async ({ mode, cast }) => {
    const { report, lines } = await play({ mode, cast, seed: 1, durationMs: 30_000 })
    expect(report.findings, `${lines.join('\n')}\n${report.folder}`).toEqual([])
    expect(report.counts.get('set: ok')).toBeGreaterThan(100)
    expect(report.counts.get('get: ok')).toBeGreaterThan(100)
  })

  it('are found out when their quorums do not meet', { timeout: patienceMs }, async () => {
    const storeOptions = { r: 1, w: 1, allowStale: true }
    const { report } = await play({ mode: 'quorum', cast: 'mixed', seed: 2, durationMs: 12_000, storeOptions })
    await rm(report.folder, { recursive: true, force: true })
    expect(report.findings.map(({ rule }) => rule)).toContain('regular')
  })
})

async function play(
  options: Omit<MixedFaultsOptions, 'clientsCount' | 'say'>,
): Promise<{ readonly report: MixedFaultsReport; readonly lines: readonly string[] }> {
  const lines: string[] = []
  const report = await runMixedFaults({ ...options, clientsCount: 4, say: (line) => void lines.push(line) })
  return { report, lines }
}
