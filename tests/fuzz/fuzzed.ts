/** So many times the runs of `npm test`: `npm run test:fuzz` sets it, and a long session may. */
const factor = Number(process.env['FUZZ_RUNS'] || 1)
const isLong = factor !== 1

/**
 * The same inputs in every `npm test`, so that it turns red by a change and never by chance. A long session throws others
 * each time; what fails prints the seed and the path that throw it again.
 */
const seed = Number(process.env['FUZZ_SEED'] || (isLong ? Math.floor(Math.random() * 2 ** 31) : 20_260_101))

/** The parameters of a property that runs so many times in `npm test`. */
export function fuzzed(runs: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: Math.ceil(runs * factor), seed }
}

/** How often something is repeated that is no property of its own. */
export const timesFuzzed = (times: number) => fuzzed(times).numRuns

/** What a test may take that asks a gateway each time: long sessions take as long as they take. */
export const patience = { timeout: isLong ? 7_200_000 : 60_000 } as const
