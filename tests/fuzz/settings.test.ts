import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { environment } from '../../src/settings/environment.ts'
import { parseSettings } from '../../src/settings/settings.ts'
import { fuzzed } from './fuzzed.ts'
import { expectUnpolluted, mutantsOf, oddName, oddText } from './odd-texts.ts'

const good: Readonly<Record<string, string>> = {
  PORT: '3000',
  PUBLIC_URL: 'https://gateway.test',
  BASE_PATH: '/gateway',
  FACES: 'native,oauth2',
  CORS_ORIGINS: 'https://page.test',
  DATABASE_URL: 'postgres://user:pa%73s@db.test:5432/x',
  DATABASE_DIRECT_URL: 'postgres://user:pass@db.test/x',
  GUICHET_SECRET: 'a test secret of more than thirty-two characters',
  KEY_PREFIX: 'gk',
  AUDIENCE: 'https://a.test,https://b.test',
  SIGNING_ALG: 'EdDSA',
  TRUSTED_PROXIES: '10.0.0.0/8,::1/128',
  LEAK_WEBHOOK_URL: 'https://hook.test/x',
  LEAK_WEBHOOK_SECRET: `whsec_${'A'.repeat(44)}`,
  CAPTCHA_SECRET: 'a captcha secret of the provider',
  SMTP_URL: 'smtps://user:sm%74p-pass@mail.test:465',
  MAIL_FROM: 'Accounts <no-reply@people.test>',
  ROUTES: '{"routes":[]}',
  SUPABASE_SITE_URL: 'https://app.test',
  SUPABASE_REDIRECT_URLS: 'https://app.test/**',
  SUPABASE_JWT_SECRET: 'another secret of more than thirty-two characters',
  SUPABASE_JWT_ALG: 'HS256',
  SUPABASE_TRUSTED_JWKS: '{"keys":[{"kid":"a","kty":"EC"}]}',
  SMS_WEBHOOK_URL: 'https://sms.test',
  SMS_WEBHOOK_SECRET: `whsec_${'B'.repeat(44)}`,
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://traces.test:4318',
  OTEL_TRACES_SAMPLER: 'traceidratio',
  OTEL_TRACES_SAMPLER_ARG: '0.5',
}

const names = [...Object.keys(environment), ...Object.keys(good)]
const value = fc.oneof(
  fc.constantFrom(
    ...Object.values(good),
    'on',
    'off',
    '0',
    '-1',
    '1e9',
    '999999999',
    '٣',
    'http://%zz',
    'null',
    'smtp://',
    ',',
  ),
  fc.constantFrom(...Object.values(good)).chain((text) => mutantsOf(text)),
  oddText,
)

/** Those whose values nobody may read in a log of a start that failed. */
const secretNames = names.filter((name) => /SECRET|DATABASE_|SMTP_URL|API_KEY|JWKS|ROUTES$/.test(name))

describe('an environment', () => {
  const changed = fc
    .array(
      fc.tuple(
        fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: oddName }),
        value,
      ),
      { maxLength: 5 },
    )
    .chain((changes) =>
      fc.boolean().map((isWhole) => ({ ...(isWhole ? good : {}), ...Object.fromEntries(changes) })),
    )

  it('that is good is read', () => {
    expect(parseSettings(good)).toMatchObject({
      ok: true,
      value: { port: 3000, faces: ['native', 'oauth2'] },
    })
  })

  it('is settings or all that is wrong with it, and no fault', () => {
    let read = 0
    fc.assert(
      fc.property(changed, (env) => {
        const settings = parseSettings(env)
        expectUnpolluted()
        if (settings.ok) {
          read++
          const { policy, port, basePath, faces } = settings.value
          expect([Number.isInteger(port), port <= 65_535, faces.length > 0]).toEqual([true, true, true])
          expect(basePath).toMatch(/^(?:\/[A-Za-z0-9._~-]+)*$/)
          expect(URL.canParse(policy.issuer)).toBe(true)
          expect(policy.accessTtlSeconds).toBeGreaterThanOrEqual(60)
          return
        }
        expect(settings.failure.length).toBeGreaterThan(0)
        for (const { name, problem } of settings.failure)
          expect([name, problem]).toEqual([expect.stringMatching(/^[A-Z_]+$/), expect.stringMatching(/\S/)])
      }),
      fuzzed(700),
    )
    expect(read).toBeGreaterThan(50)
  })

  it('that is wrong is told without a word of any secret in it', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9%:/@ ._-]{12,40}$/)
    fc.assert(
      fc.property(
        fc.constantFrom(...secretNames),
        fc.oneof(
          secret,
          oddText.filter((text) => text.trim().length > 12),
        ),
        (name, text) => {
          const settings = parseSettings({ ...good, [name]: text })
          if (settings.ok) return
          expect([name, JSON.stringify(settings.failure)]).toEqual([
            name,
            expect.not.stringContaining(JSON.stringify(text).slice(1, -1)),
          ])
        },
      ),
      fuzzed(400),
    )
  })

  it('reads the same in any order, and an empty value as none', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.entries(good)), fc.constantFrom(...names), (entries, name) => {
        const read = (all: readonly (readonly [string, string])[]) =>
          JSON.stringify(parseSettings(Object.fromEntries(all)))
        expect(read(entries.toReversed())).toBe(read(entries))
        const without = entries.filter(([one]) => one !== name)
        expect(read([...without, [name, '']])).toBe(read(without))
      }),
      fuzzed(200),
    )
  })
})
