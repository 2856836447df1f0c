import { InvalidArgumentError, Option } from 'commander'
import { parseDuration, parseInstant } from './expiry.ts'

/** What `keys create` and `keys update` are told of a key, as the options have it. */
export interface KeyOptions {
  readonly permission?: readonly string[]
  readonly expiresAt?: string
  readonly expiresIn?: number
  readonly allowCidr?: readonly string[]
  readonly rateLimit?: object | false
  readonly quota?: number | false
  readonly metadata?: object
}

/** The options of both, in the order of the help. */
export function keyOptions(): readonly Option[] {
  return [
    new Option('--expires-at <time>', 'when it ends, in RFC 3339').argParser(parseInstant),
    new Option('--expires-in <duration>', 'how long it lives: 30m, 12h, 90d, 52w')
      .argParser(parseDuration)
      .conflicts('expiresAt'),
    new Option('--allow-cidr <network>', 'a network it may be used from; may be repeated').argParser(
      (network: string, before: readonly string[] | undefined) => [...(before ?? []), network],
    ),
    new Option('--rate-limit <calls/window>', 'how many calls in a window: 100/60s, 5000/1h').argParser(
      parseRateLimit,
    ),
    new Option('--quota <calls>', 'how many calls in all').argParser(parseQuota),
    new Option('--metadata <json>', 'notes of your own, as a JSON object').argParser(parseMetadata),
  ]
}

export function idempotencyKeyOption(): Option {
  return new Option(
    '--idempotency-key <text>',
    'with the same text again, within 10 minutes, the answer is the same, the key included',
  )
}

/** The fields of the call; undefined where nothing was said, null where a field is to be emptied. */
export function keyFields(options: KeyOptions) {
  return {
    permissions: options.permission,
    expires_at: expiry(options),
    allowed_cidrs: options.allowCidr,
    rate_limit: options.rateLimit === false ? null : options.rateLimit,
    quota: options.quota === false ? null : options.quota,
    metadata: options.metadata,
  }
}

function expiry({ expiresAt, expiresIn }: KeyOptions): string | undefined {
  return expiresIn === undefined ? expiresAt : new Date(Date.now() + expiresIn).toISOString()
}

const windowSeconds = { s: 1, m: 60, h: 3600 } as const

/** @throws InvalidArgumentError */
function parseRateLimit(text: string) {
  const [, limit = '', count = '', unit = ''] = /^([1-9]\d{0,6})\/([1-9]\d{0,4})([smh])$/.exec(text) ?? []
  if (limit === '') throw new InvalidArgumentError('It looks like 100/60s, 300/5m or 5000/1h.')
  // The expression above lets only these three through.
  return { limit: Number(limit), window_seconds: Number(count) * windowSeconds[unit as 's' | 'm' | 'h'] }
}

/** @throws InvalidArgumentError */
function parseQuota(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It is a whole number of calls.')
  return Number(text)
}

/** @throws InvalidArgumentError */
function parseMetadata(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Told below, without the text.
  }
  throw new InvalidArgumentError('It looks like {"team":"billing"}.')
}
