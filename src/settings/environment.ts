import { z } from 'zod'
import { passwordMinLengthAlone, passwordMinLengthWithFactor } from '../core/accounts/password-rules.ts'
import { refreshTokenPrefix } from '../core/keys/api-key.ts'
import { isPrefix } from '../core/keys/credential-text.ts'
import {
  accessLifetimeMaxSeconds,
  clockSkewMaxSeconds,
  refreshLifetimeMaxSeconds,
  signingAlgorithms,
} from '../core/policy.ts'
import { mailEnvironment } from './mail.ts'
import { hookUrl, httpUrl, isUrl, list, onOff, whole } from './setting.ts'
import { supabaseEnvironment } from './supabase.ts'

/** The faces that there are, in the order in which they are asked to spell what belongs to none. */
export const faceNames = ['native', 'oauth2', 'supabase', 'mytone'] as const
export type FaceName = (typeof faceNames)[number]

const SECRET_MIN_LENGTH = 32

/** The one provider whose address needs no setting: it asks people nothing and is free of charge. */
const TURNSTILE = 'https://challenges.cloudflare.com/turnstile/v0/siteverify'

/** Every setting, as the environment has it. docs/settings.md has the same table. */
export const environment = {
  PORT: whole(0, 65_535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  METRICS_PORT: whole(0, 65_535).optional(),
  METRICS_HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: httpUrl.refine((text) => !text.endsWith('/'), 'must not end with a slash').optional(),
  BASE_PATH: z
    .string()
    .regex(/^(?:\/[A-Za-z0-9._~-]+)+$/, 'must look like /gateway, without a slash at its end')
    .optional(),
  FACES: list
    .refine((names) => names.length > 0, 'must not be empty')
    .refine(
      (names) => names.every((name) => faceNames.some((known) => known === name)),
      `must be some of ${faceNames.join(', ')}, with commas between`,
    )
    .default([...faceNames]),
  CORS_ORIGINS: list
    .refine(
      (origins) => origins.every(isOrigin),
      'must be origins like https://app.example, with commas between',
    )
    .default([]),
  DATA_DIR: z.string().min(1).default('./data'),
  DATABASE_URL: z
    .string()
    .refine((text) => isUrl(text, ['postgres:', 'postgresql:']), 'must be a postgres:// URL')
    .optional(),
  DATABASE_DIRECT_URL: z
    .string()
    .refine((text) => isUrl(text, ['postgres:', 'postgresql:']), 'must be a postgres:// URL')
    .optional(),
  DATABASE_POOL_MAX: whole(1, 1000).default(10),
  DATABASE_CONNECT_TIMEOUT_MS: whole(100, 60_000).default(1000),
  DATABASE_QUERY_TIMEOUT_MS: whole(100, 60_000).default(1500),
  DATABASE_PREPARE: onOff.default('on'),
  GUICHET_SECRET: list
    .refine((secrets) => secrets.length > 0, 'must not be empty')
    .refine(
      (secrets) => secrets.every((secret) => secret.length >= SECRET_MIN_LENGTH),
      `must be secrets of at least ${SECRET_MIN_LENGTH} characters, with commas between`,
    )
    .optional(),
  BOOTSTRAP_API_KEY: z.string().optional(),
  KEY_PREFIX: z
    .string()
    .refine(
      isPrefix,
      'must be 1 to 20 lower-case letters and digits, beginning with a letter; single _ may stand between',
    )
    .refine(
      (prefix) => prefix !== refreshTokenPrefix,
      `must not be ${refreshTokenPrefix}, the prefix of refresh tokens`,
    )
    .default('gk'),
  AUDIENCE: list.refine((audiences) => audiences.length > 0, 'must not be empty').optional(),
  SIGNING_ALG: z
    .enum(signingAlgorithms, { error: `must be one of ${signingAlgorithms.join(', ')}` })
    .default('ES256'),
  SIGNING_KEY_ROTATION_DAYS: whole(0, 3650).default(30),
  ACCESS_TTL_SECONDS: whole(60, accessLifetimeMaxSeconds).default(3600),
  REFRESH_TTL_SECONDS: whole(60, refreshLifetimeMaxSeconds).default(604_800),
  USER_ACCESS_TTL_SECONDS: whole(60, accessLifetimeMaxSeconds).optional(),
  USER_REFRESH_TTL_SECONDS: whole(60, refreshLifetimeMaxSeconds).optional(),
  SECOND_FACTOR_ROLES: list.default([]),
  CAPTCHA_SECRET: z.string().optional(),
  CAPTCHA_VERIFY_URL: hookUrl.default(TURNSTILE),
  CLOCK_SKEW_SECONDS: whole(0, clockSkewMaxSeconds).default(5),
  REVOCATIONS_STALE_SECONDS: whole(1, 86_400).default(300),
  DEGRADED_EXCHANGE_SECONDS: whole(0, 86_400).default(0),
  AUDIT_RETENTION_DAYS: whole(0, 36_500).default(400),
  REGISTRATION: z.enum(['open', 'closed'], { error: 'must be open or closed' }).optional(),
  EMAIL_CONFIRMATION: z
    .enum(['required', 'optional', 'off'], { error: 'must be required, optional or off' })
    .default('required'),
  PASSWORD_MIN_LENGTH: whole(passwordMinLengthWithFactor, 128).default(passwordMinLengthAlone),
  RATE_LIMITS: onOff.default('on'),
  TRUSTED_PROXIES: list
    .refine((cidrs) => cidrs.every(isCidr), 'must be networks like 10.0.0.0/8, with commas between')
    .default([]),
  UPSTREAM_URL: httpUrl.optional(),
  ROUTES_FILE: z.string().optional(),
  ROUTES: z.string().optional(),
  LEAK_WEBHOOK_URL: hookUrl.optional(),
  LEAK_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in base64')
    .optional(),
  ...mailEnvironment,
  ...supabaseEnvironment,
  MYTONE_ACCESS_TTL_SECONDS: whole(60, accessLifetimeMaxSeconds).default(1800),
  MYTONE_REFRESH_TTL_SECONDS: whole(60, refreshLifetimeMaxSeconds).default(604_800),
  SHUTDOWN_DELAY_SECONDS: whole(0, 600).default(0),
  SHUTDOWN_GRACE_SECONDS: whole(0, 600).default(10),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be one of trace, debug, info, warn, error, fatal, silent',
    })
    .default('info'),
} as const

/** Good enough to catch a slip; the networks themselves are read by the runtime. */
function isCidr(text: string): boolean {
  // The schema of IPv6 takes `NaN` for a number of bits.
  return /\/\d{1,3}$/.test(text) && z.cidrv4().or(z.cidrv6()).safeParse(text).success
}

function isOrigin(text: string): boolean {
  return URL.parse(text)?.origin === text
}
