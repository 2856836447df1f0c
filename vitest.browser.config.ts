import { defineConfig } from 'vitest/config'

/** The pages for people, in a real browser: not part of `npm test`, which needs nothing installed. */
export default defineConfig({
  test: {
    include: ['tests/browser/**/*.test.ts'],
    globalSetup: ['tests/browser/chromium.ts', 'tests/support/postgres-setup.ts'],
    testTimeout: 20_000,
    hookTimeout: 40_000,
    // A busy machine may need more than the second that Vitest gives.
    expect: { poll: { timeout: 10_000 } },
  },
})
