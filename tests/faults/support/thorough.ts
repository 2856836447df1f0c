/** Whether everything is run at its full length, as `npm run test:faults` does; `npm run test:faults:short` takes less of it. */
export const isThorough = process.env['FAULTS'] === 'all'

/** How often, or for how long: the first where time is short. */
export function rounds(short: number, thorough: number): number {
  return isThorough ? thorough : short
}
