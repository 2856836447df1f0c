import { defineConfig } from 'vitest/config'

// They start a process, or a platform, for most of their steps: `npm run test:runtime`, which is `--mode runtime`.
const runtime = 'tests/runtime/**/*.test.ts'

export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === 'runtime' ? runtime : 'tests/**/*.test.ts'],
    exclude: [
      // They need programs installed, a browser, and their time: `npm run test:recipes`, `test:browser`, `test:example`,
      // `test:faults`, `test:clients`.
      'tests/recipes/**',
      'tests/browser/**',
      'tests/site/**',
      'tests/faults/**',
      'tests/dialects/supabase/clients/**',
      ...(mode === 'runtime' ? [] : [runtime]),
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
    // Node runs the TypeScript itself, as it does in production: nothing here is mocked that a bundler would have to rewrite.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    execArgv: ['--import', new URL('src/runtime/quick-start.ts', import.meta.url).href],
  },
}))
