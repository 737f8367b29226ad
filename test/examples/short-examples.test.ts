import { expect, test } from 'vitest'
import { runExample } from './run-example.ts'

test('the session cache counts the visits of one visitor', async () => {
  const { exitCode, stdout, stderr } = await runExample('examples/session-cache.ts')
  expect(stderr).toBe('')
  expect(stdout).toBe('visit 1\nvisit 2\nvisit 3\n')
  expect(exitCode).toBe(0)
})

test('the configuration file makes a store whose namespaces are apart, and says what it guarantees', async () => {
  const { exitCode, stdout, stderr } = await runExample('examples/cluster-config.ts')
  expect(stderr).toBe('')
  expect(stdout).toContain("users { language: 'en' }\nflags new-checkout\n")
  expect(stdout).toMatch(/^G3 +yes +reads never go back in time/m)
  expect(exitCode).toBe(0)
})

test('the configuration file takes its replicas from the environment', async () => {
  const env = { REPLICA_A: 'memory://', REPLICA_B: 'memory://', REPLICA_C: 'memory://' }
  const { stdout } = await runExample('examples/cluster-config.ts', [], { env })
  expect(stdout.match(/^memory\S+ up atomic$/gm)).toHaveLength(3)
})

test('the metrics count the failure of a replica and its repair', async () => {
  const { exitCode, stdout, stderr } = await runExample('examples/events-and-metrics.ts')
  expect(stderr).toBe('')
  expect(stdout).toContain('keyv_quorum_events_total{type="replica-failure",replica="c"} 1\n')
  expect(stdout).toContain('keyv_quorum_events_total{type="repair",replica="c"} 1\n')
  expect(stdout).toContain('keyv_quorum_replica_up{replica="c"} 1\n')
  expect(exitCode).toBe(0)
})
