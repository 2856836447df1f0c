import { defineConfig } from 'vitest/config'

/** Clients of others, driven through everything that they offer: apart from `npm test`, for the time that they take. */
export default defineConfig({
  test: {
    include: ['tests/dialects/supabase/clients/**/*.test.ts'],
    globalSetup: ['tests/support/postgres-setup.ts'],
    testTimeout: 20_000,
    hookTimeout: 40_000,
    expect: { poll: { timeout: 10_000 } },
    maxWorkers: 4,
    isolate: false,
  },
})
