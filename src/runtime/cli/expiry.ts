import { InvalidArgumentError } from 'commander'

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Parses `90d` to milliseconds: a whole number of minutes, hours, days or weeks. @throws InvalidArgumentError */
export function parseDuration(text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})([mhdw])$/.exec(text) ?? []
  if (count === '') throw new InvalidArgumentError('It looks like 30m, 12h, 90d or 52w.')
  // The expression above lets only these four through.
  return Number(count) * unitMs[unit as keyof typeof unitMs]
}

/** Checks that a time is RFC 3339 with an offset: without one it would mean another time on each machine. @throws InvalidArgumentError */
export function parseInstant(text: string): string {
  const wellFormed = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text)
  if (!wellFormed || Number.isNaN(Date.parse(text))) {
    throw new InvalidArgumentError('It looks like 2030-01-01T00:00:00Z or 2030-01-01T00:00:00+02:00.')
  }
  return text
}
