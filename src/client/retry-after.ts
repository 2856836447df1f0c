/** Reads `Retry-After`, seconds or a date (RFC 9110 §10.2.3), as seconds from now; undefined when there is none. */
export function parseRetryAfter(header: string | null, now: Date): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text)
  const date = Date.parse(text)
  // A bare number out of range would be read as a year.
  if (Number.isNaN(date) || !/[a-z]/i.test(text)) return undefined
  return Math.max(0, Math.ceil((date - now.getTime()) / 1000))
}
