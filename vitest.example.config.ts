import { defineConfig } from 'vitest/config'

/** The Next.js site of examples/nextauth-site, built and used in a real browser: not part of `npm test`, since it installs it. */
export default defineConfig({
  test: {
    include: ['tests/site/**/*.test.ts'],
    globalSetup: ['tests/browser/chromium.ts', 'tests/support/postgres-setup.ts'],
    testTimeout: 40_000,
    // npm ci and a build, and once more where a download hangs.
    hookTimeout: 300_000,
    // A busy machine may need more than the second that Vitest gives.
    expect: { poll: { timeout: 20_000 } },
  },
})
