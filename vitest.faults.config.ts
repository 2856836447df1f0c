import { defineConfig } from 'vitest/config'

/**
 * What breaks while the gateway runs: processes killed, databases paused, memory filled. Apart, since it takes its time; with
 * `--mode thorough` it takes all that it needs, and one file at a time, so that the figures are of that fault alone.
 */
export default defineConfig(({ mode }) => {
  const isThorough = mode === 'thorough' || process.env['FAULTS'] === 'all'
  return {
    test: {
      include: ['tests/faults/**/*.test.ts'],
      env: { FAULTS: isThorough ? 'all' : 'short' },
      globalSetup: ['tests/support/postgres-setup.ts', 'tests/faults/support/write-reliability.ts'],
      testTimeout: isThorough ? 300_000 : 60_000,
      hookTimeout: 60_000,
      // A busy machine may need more than the second that Vitest gives.
      expect: { poll: { timeout: 10_000 } },
      // They wait for a process, a lock or a time-out more than they compute.
      maxWorkers: isThorough ? 1 : 3,
      isolate: false,
    },
  }
})
