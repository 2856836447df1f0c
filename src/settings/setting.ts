import { z } from 'zod'

/** A whole number within two ends. */
export const whole = (min: number, max: number) => {
  const problem = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,9}$/, problem)
    .transform(Number)
    .refine((value) => value >= min && value <= max, problem)
}

/** What stands between commas. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
)

export const onOff = z.enum(['on', 'off'], { error: 'must be on or off' })

export const httpUrl = z
  .string()
  .refine((text) => isUrl(text, ['http:', 'https:']), 'must be an http or https URL')

/** What we post to. A user name in it would be a secret in an address. */
export const hookUrl = httpUrl.refine(isWithoutUser, 'must not hold a user name')

export function isUrl(text: string, protocols: readonly string[]): boolean {
  const url = URL.parse(text)
  return (
    url !== null &&
    protocols.includes(url.protocol) &&
    isDecodable(url.username + url.password + url.pathname)
  )
}

/** Says whether a URL names no other machine than the one it is read on. */
export function isThisMachine(url: string): boolean {
  const { hostname } = URL.parse(url) ?? { hostname: '' }
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

/** A stray % would make the driver throw. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function isWithoutUser(text: string): boolean {
  const url = URL.parse(text)
  return url === null || url.username + url.password === ''
}
