import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastMessage, messagesTo, supabaseGateway } from '../../support/one-time-mails.ts'
import { anAddress } from '../../support/people.ts'
import { aSupabaseUser, claimsIn, supabaseCall } from '../../support/supabase.ts'
import type { TestGateway } from '../../support/test-gateway.ts'

const password = 'quite a lovely horse'

let asking: TestGateway
let confirming: TestGateway
let closed: TestGateway

beforeAll(async () => {
  asking = await supabaseGateway()
  confirming = await supabaseGateway({ autoconfirm: true, anonymous: true })
  closed = await supabaseGateway({ signup: 'closed' })
})

afterAll(async () => {
  await asking?.close()
  await confirming?.close()
  await closed?.close()
})

let sites = 0
/** From a place that nobody has asked from: limits are tested by themselves. */
const signUp = (gateway: TestGateway, json: object, headers?: Readonly<Record<string, string>>) => {
  gateway.comeFrom(`198.51.100.${++sites % 250}`)
  return supabaseCall(gateway, 'POST', '/signup', { json, headers })
}

describe('POST /signup where an address has to be confirmed', () => {
  it('answers the bare user, mails a link and a code, and signs nobody in', async () => {
    const email = anAddress()
    const answer = await signUp(asking, {
      email: email.toUpperCase(),
      password,
      data: { name: 'Ada', theme: 'dark' },
      code_challenge: null,
      code_challenge_method: null,
    })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      aud: 'authenticated',
      role: 'authenticated',
      email,
      phone: '',
      user_metadata: { name: 'Ada', theme: 'dark' },
      app_metadata: { provider: 'email', providers: ['email'] },
      is_anonymous: false,
    })
    expect(answer.body.identities).toMatchObject([{ provider: 'email', user_id: answer.body.id }])
    expect(answer.body.confirmation_sent_at).toBeDefined()
    expect(answer.body.email_confirmed_at).toBeUndefined()
    expect(answer.body.access_token).toBeUndefined()
    const { address, code } = await lastMessage(asking, 'sign-up', email)
    expect(`${address.origin}${address.pathname}`).toBe('https://gateway.test/auth/v1/verify')
    expect(address.searchParams.get('type')).toBe('signup')
    expect(address.searchParams.get('redirect_to')).toBe('https://site.test')
    expect(code).toMatch(/^\d{6}$/)
    const signIn = { json: { email, password } }
    const refused = await supabaseCall(asking, 'POST', '/token?grant_type=password', signIn)
    expect([refused.status, refused.body.code]).toEqual([400, 'email_not_confirmed'])
  })

  it('makes the profile of the application with the user', async () => {
    const email = anAddress()
    const { body } = await signUp(asking, { email, password, data: { full_name: 'Ada L.', role: 'admin' } })
    const rows = await asking.database.query(`select name, role from profiles where id = '${body.id}'`)
    expect(rows).toEqual([{ name: 'Ada L.', role: 'user' }])
  })

  it('invents a user for an address that has an account, and mails nothing', async () => {
    const known = await aSupabaseUser(asking)
    const before = await messagesTo(asking, known.email)
    const wish = { email: known.email, password: 'another lovely horse', data: { a: 1 } }
    const answer = await signUp(asking, wish)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      email: known.email,
      role: '',
      identities: [],
      user_metadata: { a: 1 },
    })
    expect(answer.body.id).not.toBe(known.id)
    expect(answer.body.confirmation_sent_at).toBeDefined()
    expect(await messagesTo(asking, known.email)).toBe(before)
    expect((await asking.world.store.findUser(known.id))?.user.passwordHash).toBe(known.user.passwordHash)
    const real = await signUp(asking, { email: anAddress(), password, data: { a: 1 } })
    expect(Object.keys(answer.body).sort()).toEqual(Object.keys(real.body).sort())
  })

  it('mails whoever has not confirmed yet once more, and leaves their notes', async () => {
    const email = anAddress()
    const first = await signUp(asking, { email, password, data: { secret: 'of the first one' } })
    const soon = await signUp(asking, { email, password: 'another lovely horse' })
    expect([soon.status, soon.body.code]).toEqual([429, 'over_email_send_rate_limit'])
    expect(soon.body.message).toBe('For security purposes, you can only request this after 60 seconds.')
    expect(soon.headers.get('retry-after')).toBe('60')
    const before = await lastMessage(asking, 'sign-up', email)
    asking.pass(60)
    const again = await signUp(asking, { email, password, data: { b: 2 } })
    expect(again.status).toBe(200)
    expect(again.body).toMatchObject({ id: first.body.id, user_metadata: { b: 2 } })
    const after = await lastMessage(asking, 'sign-up', email)
    expect(after.hash).not.toBe(before.hash)
    const old = await supabaseCall(asking, 'POST', '/verify', {
      json: { type: 'signup', token_hash: before.hash },
    })
    expect([old.status, old.body.code]).toEqual([403, 'otp_expired'])
    const verify = { json: { type: 'signup', token_hash: after.hash } }
    expect((await supabaseCall(asking, 'POST', '/verify', verify)).status).toBe(200)
    const signIn = (tried: string) =>
      supabaseCall(asking, 'POST', '/token?grant_type=password', { json: { email, password: tried } })
    expect((await signIn(password)).status).toBe(200)
    expect((await asking.world.store.findUserByEmail(email))?.user.metadata).toMatchObject({
      secret: 'of the first one',
    })
  })

  it('asks everybody for a minute between two mails, whether or not there is an account', async () => {
    const known = await aSupabaseUser(asking)
    for (const email of [known.email, anAddress()]) {
      expect((await signUp(asking, { email, password })).status).toBe(200)
      const again = await signUp(asking, { email, password })
      expect([again.status, again.body.code]).toEqual([429, 'over_email_send_rate_limit'])
    }
  })

  it('writes in the language of whoever signs up', async () => {
    const [byBrowser, byNote, neither] = [anAddress(), anAddress(), anAddress()]
    await signUp(asking, { email: byBrowser, password }, { 'Accept-Language': 'fr-CH, en;q=0.8' })
    await signUp(asking, { email: byNote, password, data: { locale: 'fr' } })
    await signUp(asking, { email: neither, password })
    expect((await lastMessage(asking, 'sign-up', byBrowser)).locale).toBe('fr')
    expect((await lastMessage(asking, 'sign-up', byNote)).locale).toBe('fr')
    expect((await lastMessage(asking, 'sign-up', neither)).locale).toBe('en')
  })
})

describe('POST /signup where the operator confirms by itself', () => {
  it('answers a session', async () => {
    const email = anAddress()
    const answer = await signUp(confirming, { email, password, data: { a: null } })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ token_type: 'bearer', expires_in: 3600 })
    expect(answer.body.user).toMatchObject({ email, user_metadata: { email_verified: true } })
    expect(answer.body.user.email_confirmed_at).toBeDefined()
    expect(answer.body.user.last_sign_in_at).toBeDefined()
    expect(claimsIn(answer.body.access_token)).toMatchObject({
      sub: answer.body.user.id,
      amr: [{ method: 'password' }],
      aal: 'aal1',
    })
    expect(await messagesTo(confirming, email)).toBe(0)
    const token = answer.body.access_token
    expect((await supabaseCall(confirming, 'GET', '/user', { token })).status).toBe(200)
  })

  it('tells that an address is taken', async () => {
    const email = anAddress()
    await signUp(confirming, { email, password })
    const again = await signUp(confirming, { email, password: 'another lovely horse' })
    expect([again.status, again.body.code, again.body.message]).toEqual([
      422,
      'user_already_exists',
      'User already registered',
    ])
  })

  it('gives an address to one of twenty who ask at once', async () => {
    const email = anAddress()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => signUp(confirming, { email, password })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(19)
  })
})

describe('POST /signup without a contact', () => {
  it('signs in somebody who does not say who they are', async () => {
    const answer = await signUp(confirming, { data: { colour: 'blue' } })
    expect(answer.status).toBe(200)
    expect(answer.body.user).toMatchObject({
      email: '',
      phone: '',
      is_anonymous: true,
      user_metadata: { colour: 'blue' },
      app_metadata: {},
      identities: [],
    })
    expect(claimsIn(answer.body.access_token)).toMatchObject({
      is_anonymous: true,
      amr: [{ method: 'anonymous' }],
    })
    const { refresh_token } = answer.body
    const refreshed = await supabaseCall(confirming, 'POST', '/token?grant_type=refresh_token', {
      json: { refresh_token },
    })
    expect(refreshed.status).toBe(200)
  })

  it('is refused where it is off', async () => {
    const answer = await signUp(asking, {})
    expect([answer.status, answer.body.code]).toEqual([422, 'anonymous_provider_disabled'])
  })

  it('is counted by the site: thirty an hour', async () => {
    const ask = () => supabaseCall(confirming, 'POST', '/signup', { json: {} })
    confirming.comeFrom('203.0.113.30')
    for (let count = 0; count < 30; count++) expect((await ask()).status).toBe(200)
    const refused = await ask()
    expect([refused.status, refused.body.code]).toEqual([429, 'over_request_rate_limit'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    confirming.comeFrom('203.0.113.31')
    expect((await ask()).status).toBe(200)
  })
})

describe('POST /signup refuses', () => {
  it.each([
    ['no password', { email: 'a@people.test' }, 400, 'validation_failed', 'Signup requires a valid password'],
    [
      'a short one',
      { email: 'nonsense', password: 'h0rse' },
      422,
      'weak_password',
      'Password should be at least 6 characters.',
    ],
    [
      'one that everybody tries',
      { email: 'a@people.test', password: 'password123' },
      422,
      'weak_password',
      /easy to guess/,
    ],
    [
      'one of more than 72 bytes',
      { email: 'a@people.test', password: 'é'.repeat(37) },
      400,
      'validation_failed',
      'Password cannot be longer than 72 characters',
    ],
    [
      'what is no address',
      { email: 'nonsense', password },
      400,
      'validation_failed',
      'Unable to validate email address: invalid format',
    ],
    [
      'a telephone, without a webhook',
      { phone: '+33612345678', password },
      400,
      'phone_provider_disabled',
      'Phone signups are disabled',
    ],
    [
      'both contacts',
      { email: 'a@people.test', phone: '336', password },
      400,
      'validation_failed',
      /^Only an email address or phone number/,
    ],
    [
      'a challenge without its method',
      { email: 'a@people.test', password, code_challenge: 'x'.repeat(43) },
      400,
      'validation_failed',
      /PKCE/,
    ],
    [
      'a short challenge',
      { email: 'a@people.test', password, code_challenge: 'x'.repeat(42), code_challenge_method: 's256' },
      400,
      'validation_failed',
      /43 to 128/,
    ],
    [
      'another method',
      { email: 'a@people.test', password, code_challenge: 'x'.repeat(43), code_challenge_method: 'md5' },
      400,
      'validation_failed',
      /code_challenge_method/,
    ],
    [
      'notes that are none',
      { email: 'a@people.test', password, data: ['a'] },
      400,
      'validation_failed',
      /data/,
    ],
    ['an address that is none at all', { email: 7, password }, 400, 'validation_failed', /email/],
  ] as const)('%s', async (_, json, status, code, message) => {
    const answer = await signUp(asking, json)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.body.message).toMatch(message)
  })

  it('everybody where it is closed', async () => {
    for (const json of [{ email: anAddress(), password }, { email: 'nonsense' }]) {
      const answer = await signUp(closed, json)
      expect([answer.status, answer.body.code, answer.body.message]).toEqual([
        422,
        'signup_disabled',
        'Signups not allowed for this instance',
      ])
    }
  })

  it('a site that asks without end: thirty at once', async () => {
    const ask = () => supabaseCall(asking, 'POST', '/signup', { json: { email: anAddress(), password } })
    asking.comeFrom('203.0.113.40')
    for (let count = 0; count < 30; count++) expect((await ask()).status).toBe(200)
    const refused = await ask()
    expect([refused.status, refused.body.code]).toEqual([429, 'over_request_rate_limit'])
    expect(refused.headers.get('retry-after')).toBe('10')
  })
})
