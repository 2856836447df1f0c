import { defineConfig } from 'vitest/config'

/** The same properties as in `npm test`, with inputs that are new each time and many times as many: `FUZZ_RUNS=100` for a night. */
export default defineConfig({
  test: {
    include: ['tests/fuzz/**/*.test.ts'],
    globalSetup: ['tests/support/postgres-setup.ts'],
    env: { FUZZ_RUNS: process.env['FUZZ_RUNS'] ?? '20', FUZZ_SEED: process.env['FUZZ_SEED'] ?? '' },
    testTimeout: 7_200_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    isolate: false,
  },
})
