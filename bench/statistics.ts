/** The middle value; of an even number of values the mean of the two in the middle. @throws RangeError for none */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which the share `at` (0 to 1) of the values lies, interpolated. @throws RangeError for none */
export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * at
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  if (below === undefined || above === undefined) throw new RangeError('No values, no quantile.')
  return below + (above - below) * (place - Math.floor(place))
}

/** How far the values lie apart, as a share of their median: 0.1 is ten per cent between the lowest and the highest. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values)
}
