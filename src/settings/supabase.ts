import { z } from 'zod'
import { accessLifetimeMaxSeconds, refreshLifetimeMaxSeconds, type SupabasePolicy } from '../core/policy.ts'
import { hookUrl, httpUrl, list, onOff, whole } from './setting.ts'

const JWT_SECRET_MIN_LENGTH = 32
/** Those of upstream's examples: keys of a service that are signed with them stand in everybody's documentation. */
const publicJwtSecrets = [
  'super-secret-jwt-token-with-at-least-32-characters-long',
  'your-super-secret-jwt-token-with-at-least-32-characters-long',
]

/** The settings of the Supabase face, as the environment has them. */
export const supabaseEnvironment = {
  SUPABASE_SITE_URL: httpUrl.optional(),
  SUPABASE_REDIRECT_URLS: list
    .refine(
      (urls) => urls.every((url) => /^[a-z][a-z0-9+.-]*:\/\/[^\s]+$/i.test(url)),
      'must be addresses like https://app.example/**, with commas between',
    )
    .default([]),
  SUPABASE_SIGNUP: onOff.optional(),
  SUPABASE_AUTOCONFIRM: onOff.optional(),
  SUPABASE_ANONYMOUS: onOff.default('off'),
  SUPABASE_PASSWORD_MIN_LENGTH: whole(6, 72).default(6),
  SUPABASE_ACCESS_TTL_SECONDS: whole(60, accessLifetimeMaxSeconds).default(3600),
  SUPABASE_IDLE_TTL_SECONDS: whole(300, refreshLifetimeMaxSeconds).default(refreshLifetimeMaxSeconds),
  SUPABASE_REUSE_INTERVAL_SECONDS: whole(0, 300).default(10),
  SUPABASE_OTP_TTL_SECONDS: whole(60, 86_400).default(3600),
  SUPABASE_SECURE_EMAIL_CHANGE: onOff.default('on'),
  SUPABASE_REAUTHENTICATION: onOff.default('off'),
  SUPABASE_CURRENT_PASSWORD: onOff.default('off'),
  SUPABASE_JWT_SECRET: z
    .string()
    .refine(
      (text) => text.length >= JWT_SECRET_MIN_LENGTH,
      `must have at least ${JWT_SECRET_MIN_LENGTH} characters`,
    )
    .refine(
      (text) => !publicJwtSecrets.includes(text),
      'must not be the one of an example, which everybody knows',
    )
    .optional(),
  SUPABASE_JWT_ALG: z.enum(['HS256'], { error: 'must be HS256' }).optional(),
  SUPABASE_TRUSTED_JWKS: z
    .string()
    .transform(parsePublicJwks)
    .refine((keys) => keys !== undefined, 'must be a JSON Web Key Set of public keys, each with a kid')
    .optional(),
  SMS_WEBHOOK_URL: hookUrl.optional(),
  SMS_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in base64')
    .optional(),
} as const

const schema = z.object(supabaseEnvironment)

/** @param around what of the other settings these follow where they are not set */
export function supabasePolicy(
  values: z.output<typeof schema>,
  around: {
    readonly enabled: boolean
    readonly publicUrl: string
    readonly basePath: string
    readonly registration: 'open' | 'closed'
    readonly emailConfirmation: 'required' | 'optional' | 'off'
  },
): SupabasePolicy {
  const signup = values.SUPABASE_SIGNUP ?? (around.registration === 'open' ? 'on' : 'off')
  const autoconfirm = values.SUPABASE_AUTOCONFIRM ?? (around.emailConfirmation === 'required' ? 'off' : 'on')
  return {
    enabled: around.enabled,
    issuer: `${around.publicUrl}${around.basePath}/auth/v1`,
    siteUrl: values.SUPABASE_SITE_URL ?? around.publicUrl,
    redirectUrls: values.SUPABASE_REDIRECT_URLS,
    signup: signup === 'on' ? 'open' : 'closed',
    autoconfirm: autoconfirm === 'on',
    anonymous: values.SUPABASE_ANONYMOUS === 'on',
    passwordMinLength: values.SUPABASE_PASSWORD_MIN_LENGTH,
    accessTtlSeconds: values.SUPABASE_ACCESS_TTL_SECONDS,
    idleTtlSeconds: values.SUPABASE_IDLE_TTL_SECONDS,
    reuseIntervalSeconds: values.SUPABASE_REUSE_INTERVAL_SECONDS,
    otpTtlSeconds: values.SUPABASE_OTP_TTL_SECONDS,
    secureEmailChange: values.SUPABASE_SECURE_EMAIL_CHANGE === 'on',
    reauthenticates: values.SUPABASE_REAUTHENTICATION === 'on',
    asksCurrentPassword: values.SUPABASE_CURRENT_PASSWORD === 'on',
    sms: values.SMS_WEBHOOK_URL !== undefined,
    jwtSecret: values.SUPABASE_JWT_SECRET,
    jwtAlgorithm: values.SUPABASE_JWT_ALG,
    trustedJwks: values.SUPABASE_TRUSTED_JWKS ?? [],
  }
}

const publicJwk = z.looseObject({
  kid: z.string().min(1),
  kty: z.enum(['EC', 'RSA', 'OKP']),
  d: z.undefined().optional(),
})
const jwks = z.object({ keys: z.array(publicJwk) }).transform(({ keys }) => keys)

/** Reads a key set, or the list of its keys alone; undefined for what is none, or holds a private key. */
function parsePublicJwks(text: string): SupabasePolicy['trustedJwks'] | undefined {
  try {
    const parsed = jwks.or(z.array(publicJwk)).safeParse(JSON.parse(text))
    // Looked at above as far as it matters here: whatever else it says, jose reads or refuses.
    return parsed.success ? (parsed.data as unknown as SupabasePolicy['trustedJwks']) : undefined
  } catch {
    return undefined
  }
}
