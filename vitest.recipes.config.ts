import { defineConfig } from 'vitest/config'

/** The recipes of docs/recipes, run with the proxies themselves: not part of `npm test`, which needs nothing installed. */
export default defineConfig({
  test: {
    include: ['tests/recipes/**/*.test.ts'],
    globalSetup: ['tests/recipes/programs.ts', 'tests/support/postgres-setup.ts'],
    testTimeout: 10_000,
    hookTimeout: 40_000,
    // A busy machine may need more than the second that Vitest gives.
    expect: { poll: { timeout: 10_000 } },
  },
})
