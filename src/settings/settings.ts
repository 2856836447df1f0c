import { z } from 'zod'
import type { Policy } from '../core/policy.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { environment, type FaceName, faceNames } from './environment.ts'
import { type MailSettings, mailSettings } from './mail.ts'
import { supabasePolicy } from './supabase.ts'
import { type TracingSettings, tracingSettings } from './tracing.ts'

const schema = z.object(environment)

export interface Settings {
  readonly port: number
  readonly host: string
  /** Where metrics are served, apart from all else; undefined for nowhere. */
  readonly metrics: { readonly port: number; readonly host: string } | undefined
  /** Undefined where nobody reads traces. */
  readonly tracing: TracingSettings | undefined
  readonly basePath: string
  readonly faces: readonly [FaceName, ...FaceName[]]
  readonly corsOrigins: readonly string[]
  readonly dataDir: string
  readonly database: DatabaseSettings | undefined
  /** Whether connections may keep statements prepared under names. */
  readonly preparesStatements: boolean
  /** The first writes, all read; undefined lets the embedded mode make its own. */
  readonly secrets: readonly string[] | undefined
  readonly bootstrapApiKey: string | undefined
  /** Networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  /** False lifts every limit: for load tests. */
  readonly rateLimits: boolean
  /** Where alarms go besides the log; undefined for nowhere. */
  readonly leakWebhook: { readonly url: string; readonly secret: string } | undefined
  /** Who is asked whether a stranger is a person; undefined for nobody. */
  readonly captcha: CaptchaSettings | undefined
  /** How long the audit log is kept; 0 keeps it for ever. */
  readonly auditRetentionDays: number
  /** Where the rules for the operator's own APIs are; undefined when nothing stands behind. */
  readonly rules: RulesSource | undefined
  readonly mail: MailSettings
  /** Where codes for telephones go; undefined for nowhere. */
  readonly smsWebhook: { readonly url: string; readonly secret: string } | undefined
  /** How long a gateway that is to stop is not ready and serves all the same, so that a balancer sees it. */
  readonly shutdownDelaySeconds: number
  readonly shutdownGraceSeconds: number
  readonly logLevel: string
  readonly policy: Policy
}

export type RulesSource =
  | { readonly kind: 'upstream'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'text'; readonly text: string }

export interface CaptchaSettings {
  readonly secret: string
  readonly verifyUrl: string
}

export interface DatabaseSettings {
  readonly url: string
  /** Past any pooler, for what needs a connection of its own; undefined where `url` is that already. */
  readonly directUrl?: string | undefined
  readonly poolMax: number
  readonly connectTimeoutMs: number
  readonly queryTimeoutMs: number
}

export interface SettingProblem {
  readonly name: string
  readonly problem: string
}

/** Parses an environment, or names every problem at once. An empty variable counts as one that is not set. */
export function parseSettings(
  env: Readonly<Record<string, string | undefined>>,
): Result<Settings, readonly SettingProblem[]> {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = schema.safeParse(set)
  const problems = parsed.success ? [] : parsed.error.issues.map(settingProblem)
  if (set['DATABASE_URL'] !== undefined && set['GUICHET_SECRET'] === undefined) {
    problems.push({
      name: 'GUICHET_SECRET',
      problem: 'is required with DATABASE_URL: make one with `npm run guichet -- secret generate`',
    })
  }
  if (set['DATABASE_DIRECT_URL'] !== undefined && set['DATABASE_URL'] === undefined) {
    problems.push({ name: 'DATABASE_URL', problem: 'is required with DATABASE_DIRECT_URL' })
  }
  const isDegradable = parsed.data !== undefined && parsed.data.DEGRADED_EXCHANGE_SECONDS > 0
  if (isDegradable && set['DATABASE_URL'] === undefined) {
    // The embedded database lives and dies with the process.
    problems.push({ name: 'DATABASE_URL', problem: 'is required with DEGRADED_EXCHANGE_SECONDS' })
  }
  if (set['LEAK_WEBHOOK_URL'] !== undefined && set['LEAK_WEBHOOK_SECRET'] === undefined) {
    problems.push({
      name: 'LEAK_WEBHOOK_SECRET',
      problem: 'is required with LEAK_WEBHOOK_URL: whsec_ and 32 random bytes in base64',
    })
  }
  if (set['CAPTCHA_VERIFY_URL'] !== undefined && set['CAPTCHA_SECRET'] === undefined) {
    problems.push({
      name: 'CAPTCHA_SECRET',
      problem: 'is required with CAPTCHA_VERIFY_URL: the secret key that the provider gave you',
    })
  }
  if (set['SMS_WEBHOOK_URL'] !== undefined && set['SMS_WEBHOOK_SECRET'] === undefined) {
    problems.push({
      name: 'SMS_WEBHOOK_SECRET',
      problem: 'is required with SMS_WEBHOOK_URL: whsec_ and 32 random bytes in base64',
    })
  }
  if (set['SUPABASE_JWT_ALG'] !== undefined && set['SUPABASE_JWT_SECRET'] === undefined) {
    problems.push({ name: 'SUPABASE_JWT_SECRET', problem: 'is required with SUPABASE_JWT_ALG' })
  }
  if (set['SMTP_URL'] !== undefined && set['MAIL_FROM'] === undefined) {
    problems.push({ name: 'MAIL_FROM', problem: 'is required with SMTP_URL: who mails come from' })
  }
  if (ruleSettings.filter((name) => set[name] !== undefined).length > 1) {
    problems.push({
      name: 'ROUTES_FILE',
      problem: 'stands for itself: set one of UPSTREAM_URL, ROUTES_FILE and ROUTES',
    })
  }
  if (!parsed.success || problems.length > 0) return fail(problems)
  const values = parsed.data
  const issuer = values.PUBLIC_URL ?? `http://localhost:${values.PORT}`
  const [firstFace = faceNames[0], ...otherFaces] = faceNames.filter((name) => values.FACES.includes(name))
  const [firstAudience = issuer, ...otherAudiences] = values.AUDIENCE ?? []
  const mail = mailSettings(values, issuer)
  // Who could not confirm an address shall not have to.
  const registration = values.REGISTRATION ?? (mail.smtp !== undefined || mail.printed ? 'open' : 'closed')
  // The faces whose clients expect tokens with the registration give them where mails are only printed, to the developer.
  const isUnasked = set['EMAIL_CONFIRMATION'] === undefined && mail.printed
  const otherFacesConfirm = isUnasked ? 'optional' : values.EMAIL_CONFIRMATION
  return ok({
    port: values.PORT,
    host: values.HOST,
    metrics:
      values.METRICS_PORT === undefined
        ? undefined
        : { port: values.METRICS_PORT, host: values.METRICS_HOST },
    tracing: tracingSettings(env),
    basePath: values.BASE_PATH ?? '',
    faces: [firstFace, ...otherFaces],
    corsOrigins: values.CORS_ORIGINS,
    dataDir: values.DATA_DIR,
    database:
      values.DATABASE_URL === undefined
        ? undefined
        : {
            url: values.DATABASE_URL,
            directUrl: values.DATABASE_DIRECT_URL,
            poolMax: values.DATABASE_POOL_MAX,
            connectTimeoutMs: values.DATABASE_CONNECT_TIMEOUT_MS,
            queryTimeoutMs: values.DATABASE_QUERY_TIMEOUT_MS,
          },
    preparesStatements: values.DATABASE_PREPARE === 'on',
    secrets: values.GUICHET_SECRET,
    trustedProxies: values.TRUSTED_PROXIES,
    auditRetentionDays: values.AUDIT_RETENTION_DAYS,
    rateLimits: values.RATE_LIMITS === 'on',
    bootstrapApiKey: values.BOOTSTRAP_API_KEY,
    leakWebhook:
      values.LEAK_WEBHOOK_URL === undefined
        ? undefined
        : { url: values.LEAK_WEBHOOK_URL, secret: values.LEAK_WEBHOOK_SECRET ?? '' },
    captcha:
      values.CAPTCHA_SECRET === undefined
        ? undefined
        : { secret: values.CAPTCHA_SECRET, verifyUrl: values.CAPTCHA_VERIFY_URL },
    rules: rulesSource(values),
    mail,
    smsWebhook:
      values.SMS_WEBHOOK_URL === undefined
        ? undefined
        : { url: values.SMS_WEBHOOK_URL, secret: values.SMS_WEBHOOK_SECRET ?? '' },
    shutdownDelaySeconds: values.SHUTDOWN_DELAY_SECONDS,
    shutdownGraceSeconds: values.SHUTDOWN_GRACE_SECONDS,
    logLevel: values.LOG_LEVEL,
    policy: {
      issuer,
      audiences: [firstAudience, ...otherAudiences],
      accessTtlSeconds: values.ACCESS_TTL_SECONDS,
      refreshTtlSeconds: values.REFRESH_TTL_SECONDS,
      userAccessTtlSeconds: values.USER_ACCESS_TTL_SECONDS ?? values.ACCESS_TTL_SECONDS,
      userRefreshTtlSeconds: values.USER_REFRESH_TTL_SECONDS ?? values.REFRESH_TTL_SECONDS,
      clockSkewSeconds: values.CLOCK_SKEW_SECONDS,
      signingAlgorithm: values.SIGNING_ALG,
      signingKeyRotationDays: values.SIGNING_KEY_ROTATION_DAYS,
      keyPrefix: values.KEY_PREFIX,
      revocationsStaleSeconds: values.REVOCATIONS_STALE_SECONDS,
      degradedExchangeSeconds: values.DEGRADED_EXCHANGE_SECONDS,
      accounts: {
        registration,
        emailConfirmation: values.EMAIL_CONFIRMATION,
        passwordMinLength: values.PASSWORD_MIN_LENGTH,
        secondFactorRoles: values.SECOND_FACTOR_ROLES,
      },
      supabase: supabasePolicy(values, {
        enabled: values.FACES.includes('supabase'),
        publicUrl: issuer,
        basePath: values.BASE_PATH ?? '',
        registration,
        emailConfirmation: otherFacesConfirm,
      }),
      mytone: {
        emailConfirmation: otherFacesConfirm,
        accessTtlSeconds: values.MYTONE_ACCESS_TTL_SECONDS,
        refreshTtlSeconds: values.MYTONE_REFRESH_TTL_SECONDS,
      },
    },
  })
}

const ruleSettings = ['UPSTREAM_URL', 'ROUTES_FILE', 'ROUTES'] as const

function rulesSource(values: z.output<typeof schema>): RulesSource | undefined {
  const { UPSTREAM_URL: url, ROUTES_FILE: path, ROUTES: text } = values
  if (url !== undefined) return { kind: 'upstream', url }
  if (path !== undefined) return { kind: 'file', path }
  return text === undefined ? undefined : { kind: 'text', text }
}

function settingProblem(issue: z.core.$ZodIssue): SettingProblem {
  // Our own messages name no value, and zod's that could are all replaced above.
  return { name: String(issue.path[0] ?? ''), problem: issue.message }
}
