import { describe, expect, it } from 'vitest'
import { parseSettings } from '../../src/settings/settings.ts'

const secret = 'a secret of more than thirty-two characters'
const databaseUrl = 'postgres://user:canary@db.test/guichet'

function parsed(env: Readonly<Record<string, string | undefined>>) {
  const settings = parseSettings(env)
  if (!settings.ok) throw new Error(JSON.stringify(settings.failure))
  return settings.value
}

function problemsOf(env: Readonly<Record<string, string | undefined>>) {
  const settings = parseSettings(env)
  return settings.ok ? [] : settings.failure
}

describe('the settings of an empty environment', () => {
  it('are the defaults of a gateway on its own machine', () => {
    expect(parsed({})).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      basePath: '',
      corsOrigins: [],
      dataDir: './data',
      database: undefined,
      secrets: undefined,
      bootstrapApiKey: undefined,
      shutdownDelaySeconds: 0,
      shutdownGraceSeconds: 10,
      logLevel: 'info',
      policy: {
        issuer: 'http://localhost:3000',
        audiences: ['http://localhost:3000'],
        accessTtlSeconds: 3600,
        refreshTtlSeconds: 604_800,
        clockSkewSeconds: 5,
        degradedExchangeSeconds: 0,
        signingAlgorithm: 'ES256',
        keyPrefix: 'gk',
      },
    })
  })

  it('are those of an environment whose variables are all empty', () => {
    const empty = { PORT: '', HOST: '', DATABASE_URL: '', GUICHET_SECRET: '', AUDIENCE: '', SIGNING_ALG: '' }
    expect(parsed({ ...empty, LOG_LEVEL: undefined, UNKNOWN: 'ignored' })).toEqual(parsed({}))
  })
})

describe('the settings', () => {
  it('follow the environment', () => {
    const settings = parsed({
      PORT: '8080',
      HOST: '::1',
      PUBLIC_URL: 'https://gateway.test/api',
      BASE_PATH: '/a/b-c',
      CORS_ORIGINS: 'https://app.test, http://localhost:5173',
      DATABASE_URL: databaseUrl,
      DATABASE_POOL_MAX: '3',
      DATABASE_CONNECT_TIMEOUT_MS: '200',
      DATABASE_QUERY_TIMEOUT_MS: '300',
      GUICHET_SECRET: `${secret} 2, ${secret} 1`,
      BOOTSTRAP_API_KEY: 'whatever',
      SHUTDOWN_GRACE_SECONDS: '0',
      SIGNING_ALG: 'EdDSA',
      KEY_PREFIX: 'acme_live',
    })
    expect(settings).toMatchObject({
      port: 8080,
      host: '::1',
      basePath: '/a/b-c',
      corsOrigins: ['https://app.test', 'http://localhost:5173'],
      database: { url: databaseUrl, poolMax: 3, connectTimeoutMs: 200, queryTimeoutMs: 300 },
      secrets: [`${secret} 2`, `${secret} 1`],
      bootstrapApiKey: 'whatever',
      shutdownGraceSeconds: 0,
      policy: { issuer: 'https://gateway.test/api', signingAlgorithm: 'EdDSA', keyPrefix: 'acme_live' },
    })
  })

  it('make the issuer the audience where no audience is named', () => {
    const named = { PUBLIC_URL: 'https://gateway.test', AUDIENCE: 'https://a.test,https://b.test' }
    expect(parsed({ PUBLIC_URL: 'https://gateway.test' }).policy.audiences).toEqual(['https://gateway.test'])
    expect(parsed(named).policy.audiences).toEqual(['https://a.test', 'https://b.test'])
  })

  it('need a secret beside a database of the operator', () => {
    expect(problemsOf({ DATABASE_URL: databaseUrl })).toEqual([
      { name: 'GUICHET_SECRET', problem: expect.stringContaining('required with DATABASE_URL') },
    ])
    expect(problemsOf({ DATABASE_URL: databaseUrl, GUICHET_SECRET: secret })).toEqual([])
  })

  it('exchange from memory only where they say so, and only beside a database that can be away', () => {
    expect(parsed({ DEGRADED_EXCHANGE_SECONDS: '0' }).policy.degradedExchangeSeconds).toBe(0)
    expect(problemsOf({ DEGRADED_EXCHANGE_SECONDS: '1' })).toEqual([
      { name: 'DATABASE_URL', problem: 'is required with DEGRADED_EXCHANGE_SECONDS' },
    ])
    const env = { DATABASE_URL: databaseUrl, GUICHET_SECRET: secret, DEGRADED_EXCHANGE_SECONDS: '900' }
    expect(parsed(env).policy.degradedExchangeSeconds).toBe(900)
  })
})

describe('registration', () => {
  const registration = (env: Readonly<Record<string, string>>) => parsed(env).policy.accounts.registration
  const smtp = { SMTP_URL: 'smtp://mail.test', MAIL_FROM: 'mail@g.test' }

  it.each([
    ['on a machine of its own, where mails are printed', {}, 'open'],
    ['where mails are sent', { ...smtp, PUBLIC_URL: 'https://g.test' }, 'open'],
    ['where nobody could get a mail', { PUBLIC_URL: 'https://g.test' }, 'closed'],
    ['in production without a mail server', { NODE_ENV: 'production' }, 'closed'],
    ['where the operator says so', { ...smtp, REGISTRATION: 'closed' }, 'closed'],
    ['where the operator wants no mails', { PUBLIC_URL: 'https://g.test', REGISTRATION: 'open' }, 'open'],
  ])('%s, with %j, is %s', (_where, env, expected) => {
    expect(registration(env)).toBe(expected)
  })
})

describe('the settings of mail', () => {
  it('need to know who mails come from', () => {
    expect(problemsOf({ SMTP_URL: 'smtp://mail.test' })).toEqual([
      { name: 'MAIL_FROM', problem: expect.stringContaining('required with SMTP_URL') },
    ])
  })

  it('read a name and an address', () => {
    const smtp = { SMTP_URL: 'smtp://mail.test', MAIL_FROM: '"Accounts, Inc." <no-reply@g.test>' }
    expect(parsed(smtp).mail).toEqual({
      smtp: { url: 'smtp://mail.test', from: { name: 'Accounts, Inc.', address: 'no-reply@g.test' } },
      templates: undefined,
      printed: false,
    })
  })

  it.each([
    [{}, true],
    [{ PUBLIC_URL: 'http://127.0.0.1:3000' }, true],
    [{ PUBLIC_URL: 'http://[::1]:3000' }, true],
    [{ NODE_ENV: 'production' }, false],
    [{ PUBLIC_URL: 'https://accounts.test' }, false],
    [{ PUBLIC_URL: 'https://localhost.test', NODE_ENV: 'development' }, false],
    [{ SMTP_URL: 'smtp://mail.test', MAIL_FROM: 'a@g.test' }, false],
  ])("print mails on a machine of one's own alone: %j", (env, printed) => {
    expect(parsed(env).mail.printed).toBe(printed)
  })
})

describe('the settings of a captcha', () => {
  it('are none where there is no secret', () => {
    expect(parsed({}).captcha).toBeUndefined()
    expect(parsed({ CAPTCHA_SECRET: '' }).captcha).toBeUndefined()
  })

  it('ask Turnstile where no other provider is named', () => {
    expect(parsed({ CAPTCHA_SECRET: 'a key' }).captcha).toEqual({
      secret: 'a key',
      verifyUrl: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
    })
    const named = { CAPTCHA_SECRET: 'a key', CAPTCHA_VERIFY_URL: 'https://captcha.test/siteverify' }
    expect(parsed(named).captcha?.verifyUrl).toBe('https://captcha.test/siteverify')
  })

  it('do not pass over a provider whose secret is missing', () => {
    expect(problemsOf({ CAPTCHA_VERIFY_URL: 'https://captcha.test/siteverify' })).toEqual([
      { name: 'CAPTCHA_SECRET', problem: expect.stringContaining('required with CAPTCHA_VERIFY_URL') },
    ])
  })
})

const edges: readonly (readonly [name: string, allowed: readonly string[], refused: readonly string[]])[] = [
  ['PORT', ['0', '65535'], ['65536', '-1', '1.5', '0x10', '1e3', 'canary', ' 80']],
  [
    'PUBLIC_URL',
    ['https://g.test', 'http://g.test:8080/a'],
    ['ftp://canary.test', 'canary', 'https://canary.test/'],
  ],
  ['BASE_PATH', ['/a', '/a/b'], ['canary', '/canary/', '/', '//canary', '/can ary', '/canary?x', '/:canary']],
  [
    'CORS_ORIGINS',
    ['https://a.test', 'https://a.test,http://b.test:1'],
    ['*', 'canary.test', 'https://canary.test/', 'null'],
  ],
  [
    'DATABASE_URL',
    ['postgres://h/d', 'postgresql://h/d'],
    ['mysql://canary', 'canary', 'http://canary.test'],
  ],
  ['DATABASE_POOL_MAX', ['1', '1000'], ['0', '1001', 'canary']],
  ['DATABASE_CONNECT_TIMEOUT_MS', ['100', '60000'], ['99', '60001', 'canary']],
  ['DATABASE_QUERY_TIMEOUT_MS', ['100', '60000'], ['99', '60001', 'canary']],
  [
    'GUICHET_SECRET',
    ['x'.repeat(32), `${secret},${secret}`],
    ['canary'.padEnd(31, 'x'), `${secret},canary`, ','],
  ],
  [
    'KEY_PREFIX',
    ['a', 'gk', 'acme_live', 'a'.repeat(20)],
    ['grt', 'Canary', '1canary', 'canary_', 'can__ary', 'a'.repeat(21)],
  ],
  ['AUDIENCE', ['https://a.test'], [',', ' , ']],
  ['SIGNING_ALG', ['ES256', 'EdDSA', 'RS256', 'HS256'], ['none', 'es256', 'canary', 'ES512']],
  ['ACCESS_TTL_SECONDS', ['60', '86400'], ['59', '86401', 'canary', '9999999999']],
  ['REFRESH_TTL_SECONDS', ['60', '31536000'], ['59', '31536001', 'canary']],
  ['DEGRADED_EXCHANGE_SECONDS', ['0', '86400'], ['-1', '86401', 'canary']],
  ['CLOCK_SKEW_SECONDS', ['0', '60'], ['61', '-1', 'canary']],
  [
    'SMTP_URL',
    ['smtp://mail.test', 'smtps://me:p%40ss@mail.test:465', 'smtp://[::1]:25/'],
    [
      'canary.test',
      'http://canary.test',
      'smtp://',
      'smtp://canary.test/path',
      'smtp://canary.test?tls=no',
      'smtp://canary:100%@h.test',
    ],
  ],
  [
    'MAIL_FROM',
    ['no-reply@g.test', 'Accounts <no-reply@g.test>', '"Accounts, Inc." <no-reply@g.test>'],
    [
      'canary',
      'Canary <canary>',
      'canary@a.test, canary@b.test',
      'Canary <canary@a.test> x',
      'Canary\r\nBcc: canary@a.test <canary@b.test>',
    ],
  ],
  [
    'CAPTCHA_VERIFY_URL',
    ['https://captcha.test/siteverify', 'http://captcha:3000/site/siteverify'],
    ['canary', 'ftp://canary.test', 'https://canary@captcha.test', 'https://:canary@captcha.test'],
  ],
  ['SHUTDOWN_GRACE_SECONDS', ['0', '600'], ['601', 'canary']],
  ['LOG_LEVEL', ['trace', 'silent'], ['canary', 'INFO']],
]

describe.each(edges)('%s', (name, allowed, refused) => {
  // So that no other setting stands in the way.
  const env = (value: string) => ({
    ...(name === 'DATABASE_URL' && { GUICHET_SECRET: secret }),
    ...(name === 'DEGRADED_EXCHANGE_SECONDS' && { DATABASE_URL: databaseUrl, GUICHET_SECRET: secret }),
    ...(name === 'CAPTCHA_VERIFY_URL' && { CAPTCHA_SECRET: 'a key' }),
    ...(name === 'SMTP_URL' && { MAIL_FROM: 'no-reply@g.test' }),
    [name]: value,
  })

  it.each(allowed)('may be %j', (value) => {
    expect(problemsOf(env(value))).toEqual([])
  })

  it.each(refused)('may not be %j, and the problem names the setting and not the value', (value) => {
    const problems = problemsOf(env(value))
    expect(problems.map((problem) => problem.name)).toEqual([name])
    expect(problems[0]!.problem).toMatch(/^(?:must|is required)/)
    expect(problems[0]!.problem.toLowerCase()).not.toContain('canary')
  })
})

describe('bad settings', () => {
  it('are told of networks that the runtime cannot read', () => {
    // The start was well, and each call after it a 500.
    for (const network of ['::1/NaN', '::1/129', '10.0.0.0/33', '10.0.0.0', '::1/', '::1/ 64'])
      expect([network, parseSettings({ TRUSTED_PROXIES: network }).ok]).toEqual([network, false])
    expect(parseSettings({ TRUSTED_PROXIES: '10.0.0.0/8,::1/128' }).ok).toBe(true)
  })

  it('are all told at once', () => {
    const bad = Object.fromEntries(edges.map(([name, , refused]) => [name, refused[0]!]))
    expect(problemsOf(bad).map(({ name }) => name)).toEqual(
      expect.arrayContaining(edges.map(([name]) => name)),
    )
  })

  it('include a database URL that the driver cannot read', () => {
    const unreadable = 'postgres://user:100%canary@db.test/guichet'
    const problems = problemsOf({ DATABASE_URL: unreadable, GUICHET_SECRET: secret })
    expect(problems.map(({ name }) => name)).toEqual(['DATABASE_URL'])
  })
})

describe('the settings of the Supabase face', () => {
  const supabaseOf = (env: Readonly<Record<string, string | undefined>>) => parsed(env).policy.supabase

  it('follow the other settings where they are not set', () => {
    expect(supabaseOf({ PUBLIC_URL: 'https://gateway.test', BASE_PATH: '/g' })).toMatchObject({
      enabled: true,
      issuer: 'https://gateway.test/g/auth/v1',
      siteUrl: 'https://gateway.test',
      signup: 'closed',
      autoconfirm: false,
      anonymous: false,
      passwordMinLength: 6,
      idleTtlSeconds: 31_536_000,
      reuseIntervalSeconds: 10,
      trustedJwks: [],
    })
    expect(supabaseOf({ REGISTRATION: 'open', EMAIL_CONFIRMATION: 'off' })).toMatchObject({
      signup: 'open',
      autoconfirm: true,
    })
    expect(supabaseOf({ FACES: 'native' }).enabled).toBe(false)
  })

  it('sign in at once where mails are only printed and nobody has chosen', () => {
    const chosen = (env: Readonly<Record<string, string | undefined>>) => {
      const { supabase, mytone, accounts } = parsed(env).policy
      return [accounts.emailConfirmation, mytone.emailConfirmation, supabase.autoconfirm]
    }
    const smtp = { SMTP_URL: 'smtp://mail.test', MAIL_FROM: 'a@b.test' }
    expect(chosen({})).toEqual(['required', 'optional', true])
    expect(chosen({ EMAIL_CONFIRMATION: 'required' })).toEqual(['required', 'required', false])
    expect(chosen(smtp)).toEqual(['required', 'required', false])
    expect(chosen({ PUBLIC_URL: 'https://gateway.test' })).toEqual(['required', 'required', false])
    expect(chosen({ ...smtp, EMAIL_CONFIRMATION: 'off' })).toEqual(['off', 'off', true])
  })

  it('take public keys of a former installation, and no private ones', () => {
    const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'one' }
    const text = (jwk: object) => JSON.stringify({ keys: [jwk] })
    expect(supabaseOf({ SUPABASE_TRUSTED_JWKS: text(key) }).trustedJwks).toEqual([key])
    for (const bad of [text({ ...key, d: 'canary' }), text({ ...key, kty: 'oct' }), 'canary', '{}']) {
      const problems = problemsOf({ SUPABASE_TRUSTED_JWKS: bad })
      expect(problems.map(({ name }) => name)).toEqual(['SUPABASE_TRUSTED_JWKS'])
      expect(JSON.stringify(problems)).not.toContain('canary')
    }
  })

  it('ask for the secrets that go with others', () => {
    const names = (env: Readonly<Record<string, string>>) => problemsOf(env).map(({ name }) => name)
    expect(names({ SMS_WEBHOOK_URL: 'https://sms.test' })).toEqual(['SMS_WEBHOOK_SECRET'])
    expect(names({ SUPABASE_JWT_ALG: 'HS256' })).toEqual(['SUPABASE_JWT_SECRET'])
    expect(names({ SUPABASE_JWT_SECRET: 'short' })).toEqual(['SUPABASE_JWT_SECRET'])
  })

  it.each([
    'super-secret-jwt-token-with-at-least-32-characters-long',
    'your-super-secret-jwt-token-with-at-least-32-characters-long',
  ])('take no secret that stands in a public example: %s', (secret) => {
    const problems = problemsOf({ SUPABASE_JWT_SECRET: secret })
    expect(problems.map(({ name }) => name)).toEqual(['SUPABASE_JWT_SECRET'])
    expect(JSON.stringify(problems)).not.toContain(secret)
  })
})
