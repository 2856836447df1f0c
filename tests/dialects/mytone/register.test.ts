import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Policy } from '../../../src/core/policy.ts'
import { createCaptcha } from '../../../src/runtime/captcha.ts'
import { createLogger } from '../../../src/runtime/log.ts'
import { type CaptchaProvider, startCaptchaProvider } from '../../support/captcha-provider.ts'
import { claimsOf } from '../../support/oauth.ts'
import { anAddress, aPassword, mailedToken, mailsOf } from '../../support/people.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

const accounts = (changes: Partial<Policy['accounts']>) => {
  const accounts = { ...testPolicy.accounts, ...changes }
  const { emailConfirmation } = accounts
  return { policy: { accounts, mytone: { ...testPolicy.mytone, emailConfirmation } } }
}

let gateway: TestGateway
beforeAll(async () => {
  gateway = await createTestGateway(accounts({ emailConfirmation: 'optional' }))
})
afterAll(() => gateway.close())

let site = 0
beforeEach(() => gateway.comeFrom(`198.51.100.${++site}`))

let names = 0
const aRegistration = (fields: object = {}) => ({
  name: 'Ada',
  surname: 'Lovelace',
  email: anAddress(),
  username: `ada.${++names}`,
  password: aPassword,
  ...fields,
})
const register = (json: unknown, at = gateway) => at.call('POST', '/auth/register', { json })

/** What is wrong with which fields, without the words. */
const problemsOf = (body: { detail: readonly { loc: readonly unknown[]; type: string }[] }) =>
  body.detail.map(({ loc, type }) => [loc.join('.'), type])

describe('POST /auth/register', () => {
  it('answers the user with both tokens, and the tokens are good', async () => {
    const json = aRegistration({ email: 'Ada.Lovelace@Example.com', username: 'AdaL' })
    const { status, body, headers } = await register(json)
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store'])
    expect(Object.keys(body).sort()).toEqual(['access_token', 'refresh_token', 'token_type', 'user'])
    expect(body.token_type).toBe('bearer')
    expect(body.user).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'Ada',
      surname: 'Lovelace',
      email: 'ada.lovelace@example.com',
      username: 'AdaL',
      phone: null,
      locale: null,
      avatar_url: null,
      role: 'user',
      email_confirmed: false,
      created_at: gateway.world.now().toISOString(),
    })
    const me = await gateway.call('GET', '/auth/me', { token: body.access_token })
    expect([me.status, me.body]).toEqual([200, body.user])
    const renewed = await gateway.call('POST', '/auth/refresh', {
      json: { refresh_token: body.refresh_token },
    })
    expect(renewed.status).toBe(200)
  })

  it('gives tokens of half an hour, and of a week, by its own settings', async () => {
    const { body } = await register(aRegistration())
    const { iat, exp } = claimsOf(body.access_token)
    expect(Number(exp) - Number(iat)).toBe(1800)
    const [session] = await gateway.database.query(
      `select extract(epoch from expires_at - created_at)::int as seconds, face from sessions where user_id = '${body.user.id}'`,
    )
    expect(session).toEqual({ seconds: expect.closeTo(604_800, -1), face: 'mytone' })
  })

  it('mails the link that confirms the address, and of the first sign-in no warning', async () => {
    const json = aRegistration()
    await register(json)
    const kinds = (await mailsOf(gateway)).filter(({ to }) => to === json.email).map(({ kind }) => kind)
    expect(kinds).toEqual(['email-confirm'])
  })

  it('refuses an address that has an account, whose owner is told', async () => {
    const first = aRegistration()
    await register(first)
    const { status, body } = await register(aRegistration({ email: first.email.toUpperCase() }))
    expect([status, body]).toEqual([409, { detail: 'Email already registered' }])
    const kinds = (await mailsOf(gateway)).filter(({ to }) => to === first.email).map(({ kind }) => kind)
    expect(kinds).toEqual(['email-confirm', 'email-known'])
  })

  it('refuses a user name that somebody has, in any case', async () => {
    await register(aRegistration({ username: 'first-come' }))
    const { status, body } = await register(aRegistration({ username: 'First-Come' }))
    expect([status, body]).toEqual([409, { detail: 'Username already taken' }])
  })

  it('asks a hundred times an hour for one site, and then tells nobody what is taken', async () => {
    const json = aRegistration()
    await register(json)
    const answers = await Promise.all(Array.from({ length: 100 }, () => register(json)))
    const statuses = answers.map(({ status }) => status).sort()
    expect([statuses[0], statuses.at(-1), statuses.filter((status) => status === 409).length]).toEqual([
      409, 429, 99,
    ])
    const refused = answers.find(({ status }) => status === 429)
    expect(refused?.body).toEqual({ detail: 'Too Many Requests' })
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('opens one account and one session for twenty who want one address at once', async () => {
    const json = aRegistration()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => register({ ...json, username: `${json.username}-${index}` })),
    )
    const created = answers.filter(({ status }) => status === 201)
    expect([created.length, answers.filter(({ status }) => status === 409).length]).toEqual([1, 19])
    const sessions = await gateway.database.query(
      `select 1 from sessions where user_id = '${created[0]?.body.user.id}'`,
    )
    expect(sessions).toHaveLength(1)
  })

  it('is not there for anybody where registration is closed', async () => {
    const closed = await createTestGateway(accounts({ registration: 'closed' }))
    try {
      const { status, body } = await register(aRegistration(), closed)
      expect([status, body]).toEqual([403, { detail: 'Registration is closed' }])
    } finally {
      await closed.close()
    }
  })

  it('passes over fields that it does not know, and gives nobody a role by them', async () => {
    const { status, body } = await register(
      aRegistration({ role: 'admin', id: crypto.randomUUID(), permissions: ['*'], email_confirmed: true }),
    )
    expect([status, body.user.role, body.user.email_confirmed]).toEqual([201, 'user', false])
    expect(claimsOf(body.access_token)['scope'] ?? '').toBe('')
  })
})

describe('POST /auth/register, where an address has to be confirmed', () => {
  let strict: TestGateway
  beforeAll(async () => {
    strict = await createTestGateway()
  })
  afterAll(() => strict.close())
  beforeEach(() => strict.comeFrom(`198.51.100.${++site}`))

  it('signs nobody in, and the mailed link is what lets them sign in', async () => {
    const json = aRegistration()
    const { status, body } = await register(json, strict)
    expect([status, body]).toEqual([202, { detail: 'Email confirmation required' }])
    const login = () =>
      strict.call('POST', '/auth/login', { json: { identifier: json.username, password: json.password } })
    const early = await login()
    expect([early.status, early.body]).toEqual([403, { detail: 'Email address not confirmed' }])
    const token = await mailedToken(strict, 'email-confirm', json.email)
    await strict.call('POST', '/api/v1/auth/email/confirm', { json: { token } })
    expect((await login()).status).toBe(200)
  })

  it('answers a known address as an unknown one', async () => {
    const json = aRegistration()
    const answers = [
      await register(json, strict),
      await register(aRegistration({ email: json.email }), strict),
      await register(aRegistration(), strict),
    ]
    const seen = answers.map(({ status, text, headers }) => [status, text, [...headers.keys()].sort()])
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1)
  })
})

describe('POST /auth/register, where there is a captcha', () => {
  const secret = 'canary-captcha-secret'
  let provider: CaptchaProvider
  let guarded: TestGateway
  beforeAll(async () => {
    provider = await startCaptchaProvider(secret)
    const captcha = createCaptcha(createLogger('silent', new PassThrough()), {
      secret,
      verifyUrl: provider.url,
    })
    guarded = await createTestGateway({ ...accounts({ emailConfirmation: 'off' }), captcha })
  })
  afterAll(async () => {
    await guarded.close()
    await provider.close()
  })

  it('needs its answer, which is good once', async () => {
    const bare = await register(aRegistration(), guarded)
    expect([bare.status, bare.body]).toEqual([400, { detail: 'Captcha required' }])
    const captcha_token = provider.solve()
    expect((await register(aRegistration({ captcha_token }), guarded)).status).toBe(201)
    const again = await register(aRegistration({ captcha_token }), guarded)
    expect([again.status, again.body]).toEqual([403, { detail: 'Captcha not passed' }])
  })

  it('is asked for at the sign-in after failures, as JSON and as a form', async () => {
    const json = aRegistration({ captcha_token: provider.solve() })
    await register(json, guarded)
    const { username, password } = json
    const login = (more: object) =>
      guarded.call('POST', '/auth/login', { json: { identifier: username, password, ...more } })
    let last = await login({ password: 'wrong' })
    while (last.status === 401) last = await login({ password: 'wrong' })
    expect([last.status, last.body]).toEqual([400, { detail: 'Captcha required' }])
    expect((await login({ captcha_token: provider.solve() })).status).toBe(200)
    const form = { username, password, captcha_token: '' }
    expect((await guarded.call('POST', '/auth/login', { form })).status).toBe(200)
  })
})

describe('a body that is wrong', () => {
  it('is told all at once, with loc, msg and type as Pydantic has them', async () => {
    const { status, body } = await register({ name: '', surname: 7, email: 'ada', username: 'a b' })
    expect(status).toBe(422)
    expect(body).toEqual({
      detail: [
        {
          loc: ['body', 'name'],
          msg: 'String should have at least 1 character',
          type: 'string_too_short',
          ctx: { min_length: 1 },
        },
        { loc: ['body', 'surname'], msg: 'Input should be a valid string', type: 'string_type' },
        { loc: ['body', 'email'], msg: 'value is not a valid email address', type: 'value_error' },
        {
          loc: ['body', 'username'],
          msg: 'From 3 to 32 of a to z, 0 to 9, and . _ - between two of them',
          type: 'value_error',
        },
        { loc: ['body', 'password'], msg: 'Field required', type: 'missing' },
      ],
    })
  })

  it.each([
    [{ name: 'x'.repeat(101) }, 'body.name', 'string_too_long'],
    [{ name: 'a\nb' }, 'body.name', 'value_error'],
    [{ name: null }, 'body.name', 'string_type'],
    [{ email: 'a@b@c.example' }, 'body.email', 'value_error'],
    [{ email: ['a@b.example'] }, 'body.email', 'string_type'],
    [{ username: 'x@y' }, 'body.username', 'value_error'],
    [{ password: 'short' }, 'body.password', 'string_too_short'],
    [{ password: 'x'.repeat(1025) }, 'body.password', 'string_too_long'],
    [{ password: 'password12345678' }, 'body.password', 'value_error'],
    [{ password: '\ud800'.padEnd(20, 'x') }, 'body.password', 'string_unicode'],
    [{ password: 7 }, 'body.password', 'string_type'],
  ])('with %j is refused', async (fields, loc, type) => {
    const { status, body } = await register(aRegistration(fields))
    expect([status, problemsOf(body)]).toEqual([422, [[loc, type]]])
  })

  it('says how long a password has to be, and never the password', async () => {
    const password = 'hunter2-hunter'
    const { body, text } = await register(aRegistration({ password }))
    expect(body.detail[0].ctx).toEqual({ min_length: 15 })
    expect(text).not.toContain(password)
  })

  it.each([
    ['[]', 'body', 'model_attributes_type'],
    ['"text"', 'body', 'model_attributes_type'],
    ['null', 'body', 'model_attributes_type'],
    ['{"name":', 'body', 'json_invalid'],
    ['\u0000', 'body', 'json_invalid'],
  ])('as %s is no object of fields', async (text, loc, type) => {
    const request = new Request('http://gateway.test/auth/register', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: text,
    })
    const answer = await gateway.answer(request)
    expect([answer.status, problemsOf((await answer.json()) as never)]).toEqual([422, [[loc, type]]])
  })

  it('of another type, or without end, is refused in a sentence', async () => {
    const form = await gateway.call('POST', '/auth/register', { form: { name: 'Ada' } })
    expect([form.status, form.body]).toEqual([415, { detail: 'The body must be sent as application/json' }])
    const long = await register(aRegistration({ name: 'x'.repeat(70_000) }))
    expect([long.status, long.body]).toEqual([413, { detail: 'The body is too large' }])
  })
})
