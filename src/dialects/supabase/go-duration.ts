const unitSeconds: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
}

const DURATION = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g

/** As many nanoseconds as Go counts. */
const MAX_SECONDS = 2 ** 63 / 1e9

/** Reads a duration as Go writes them, `1h30m` or `876000h`, to seconds; undefined for what is none. */
export function parseGoDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0
  if (text.length > 100 || !DURATION.test(text)) return undefined
  let seconds = 0
  for (const [, count, unit = ''] of text.matchAll(PART)) seconds += Number(count) * (unitSeconds[unit] ?? 0)
  if (seconds > MAX_SECONDS) return undefined
  return text.startsWith('-') ? -seconds : seconds
}
