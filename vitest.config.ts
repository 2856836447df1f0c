import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // They need three proxies installed, a browser, and their time: `npm run test:recipes`, `test:browser`, `test:example`,
    // `test:faults`, `test:clients`.
    exclude: [
      'tests/recipes/**',
      'tests/browser/**',
      'tests/site/**',
      'tests/faults/**',
      'tests/dialects/supabase/clients/**',
    ],
    globalSetup: ['tests/support/postgres-setup.ts'],
    testTimeout: 20_000,
    hookTimeout: 40_000,
    // A busy machine may need more than the second that Vitest gives.
    expect: { poll: { timeout: 10_000 } },
    // Many tests wait for a process, a lock or a time-out.
    maxWorkers: 4,
    // Files share a worker's modules: nothing here keeps state in one, and loading them again would cost a minute.
    isolate: false,
  },
})
