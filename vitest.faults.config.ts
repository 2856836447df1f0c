import { defineConfig } from 'vitest/config'

/** What breaks while the gateway runs: processes killed, databases paused, memory filled. Apart, since it takes its time. */
export default defineConfig({
  test: {
    include: ['tests/faults/**/*.test.ts'],
    globalSetup: ['tests/support/postgres-setup.ts'],
    testTimeout: 20_000,
    hookTimeout: 40_000,
    // A busy machine may need more than the second that Vitest gives.
    expect: { poll: { timeout: 10_000 } },
    // They wait for a process, a lock or a time-out more than they compute.
    maxWorkers: 3,
    isolate: false,
  },
})
