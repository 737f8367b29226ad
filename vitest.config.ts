import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/servers/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Real servers start in a second or three; on a busy machine in several times that.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    reporters: ['default', ['json', { outputFile: process.env.TEST_REPORT ?? '.cache/vitest-report.json' }]],
  },
})
