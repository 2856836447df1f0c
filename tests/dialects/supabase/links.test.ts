import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastMessage, messagesTo, redirectOf, supabaseGateway } from '../../support/one-time-mails.ts'
import { anAddress } from '../../support/people.ts'
import { aSupabaseUser, claimsIn, supabaseCall } from '../../support/supabase.ts'
import type { TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await supabaseGateway({ redirectUrls: ['https://app.test/**', 'com.app://callback'] })
})

afterAll(async () => {
  await gateway?.close()
})

let sites = 0
const post = (path: string, json: object) => {
  gateway.comeFrom(`198.51.100.${++sites % 250}`)
  return supabaseCall(gateway, 'POST', path, { json })
}
const follow = (path: string, method = 'GET') => {
  gateway.comeFrom(`198.51.101.${++sites % 250}`)
  return gateway.call(method, path)
}
const password = 'quite a lovely horse'

/** Somebody who is mailed a link of a kind. */
async function mailed(kind: 'sign-up' | 'magic-link' | 'recovery', query = '') {
  const email = kind === 'sign-up' ? anAddress() : (await aSupabaseUser(gateway)).email
  const paths = { 'sign-up': '/signup', 'magic-link': '/otp', recovery: '/recover' }
  const answer = await post(paths[kind] + query, kind === 'sign-up' ? { email, password } : { email })
  expect(answer.status).toBe(200)
  return { email, ...(await lastMessage(gateway, kind, email)) }
}

const types = { 'sign-up': 'signup', 'magic-link': 'magiclink', recovery: 'recovery' } as const

describe.each(['sign-up', 'magic-link', 'recovery'] as const)('a link of the kind %s', (kind) => {
  const type = types[kind]

  it('leads to the site with a session in the fragment, once', async () => {
    const { path, email } = await mailed(kind)
    const answer = await follow(path)
    expect(answer.status).toBe(303)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    const { address, query, fragment } = redirectOf(answer)
    expect(address).toBe('https://site.test/')
    expect(query).toEqual({})
    expect(fragment).toMatchObject({ token_type: 'bearer', expires_in: '3600', type, sb: '' })
    const token = fragment['access_token']!
    expect(claimsIn(token)).toMatchObject({
      email,
      amr: [{ method: 'otp' }],
      exp: Number(fragment['expires_at']),
    })
    const user = await supabaseCall(gateway, 'GET', '/user', { token })
    expect(user.body).toMatchObject({ email, user_metadata: { email_verified: true } })
    expect(user.body.email_confirmed_at).toBeDefined()

    const again = redirectOf(await follow(path))
    expect(again.fragment).toEqual({
      error: 'access_denied',
      error_code: 'otp_expired',
      error_description: 'Email link is invalid or has expired',
      sb: '',
    })
    expect(again.query).toEqual({})
  })

  it('is used up by no HEAD', async () => {
    const { path } = await mailed(kind)
    const looked = await follow(path, 'HEAD')
    expect([looked.status, looked.headers.get('location')]).toEqual([200, null])
    expect(redirectOf(await follow(path)).fragment).toHaveProperty('access_token')
  })

  it('is over an hour later, and its code with it', async () => {
    const [{ path }, { email, code }] = [await mailed(kind), await mailed(kind)]
    gateway.pass(3600)
    expect(redirectOf(await follow(path)).fragment).toMatchObject({ error_code: 'otp_expired' })
    const answer = await post('/verify', { type, email, token: code })
    expect([answer.status, answer.body.code]).toEqual([403, 'otp_expired'])
  })

  it('is still good in the last second', async () => {
    const { path } = await mailed(kind)
    gateway.pass(3599)
    expect(redirectOf(await follow(path)).fragment).toHaveProperty('access_token')
  })

  it('is as good as its hash or its code at POST /verify, and of the three one is used', async () => {
    const byHash = await mailed(kind)
    const answer = await post('/verify', { type, token_hash: byHash.hash, options: { a: 1 } })
    expect(answer.status).toBe(200)
    expect(answer.body.user.email).toBe(byHash.email)
    const { email, code } = byHash
    expect((await post('/verify', { type, email, token: code })).status).toBe(403)
    expect(redirectOf(await follow(byHash.path)).fragment).toMatchObject({ error_code: 'otp_expired' })

    const byCode = await mailed(kind)
    const wish = { type, email: byCode.email.toUpperCase(), token: ` ${byCode.code} ` }
    const signed = await post('/verify', wish)
    expect(signed.status).toBe(200)
    expect(claimsIn(signed.body.access_token)).toMatchObject({ amr: [{ method: 'otp' }] })
    expect(redirectOf(await follow(byCode.path)).fragment).toMatchObject({ error_code: 'otp_expired' })
  })

  it('is found by the type email too', async () => {
    const { email, code } = await mailed(kind)
    expect((await post('/verify', { type: 'email', email, token: code })).status).toBe(200)
  })

  it('is none of another type', async () => {
    const { hash } = await mailed(kind)
    for (const other of ['signup', 'magiclink', 'recovery', 'invite', 'email_change', 'sms']) {
      if (other === type) continue
      expect((await post('/verify', { type: other, token_hash: hash })).status).toBe(403)
    }
    expect((await post('/verify', { type, token_hash: hash })).status).toBe(200)
  })

  it('opens one session for a crowd', async () => {
    const { hash, email, code } = await mailed(kind)
    const wishes = Array.from({ length: 10 }, (_, index) =>
      index % 2 === 0 ? { type, token_hash: hash } : { type, email, token: code },
    )
    const answers = await Promise.all(wishes.map((wish) => post('/verify', wish)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(9)
  })

  it('leads where the caller wants, as far as the operator lets it', async () => {
    const asked = '?redirect_to=https://app.test/welcome?a=1'
    const { path, address } = await mailed(kind, asked)
    expect(address.searchParams.get('redirect_to')).toBe('https://app.test/welcome?a=1')
    const there = redirectOf(await follow(path))
    expect([there.address, there.query]).toEqual(['https://app.test/welcome', { a: '1' }])
    const elsewhere = await mailed(kind, '?redirect_to=https://evil.test/')
    expect(elsewhere.address.searchParams.get('redirect_to')).toBe('https://site.test')
    const altered = elsewhere.path.replace('https://site.test', 'https://evil.test/')
    expect(redirectOf(await follow(altered)).address).toBe('https://site.test/')
  })
})

describe('the digits of a mail', () => {
  it('have five tries, after which the link alone is good', async () => {
    const { email, code, path } = await mailed('magic-link')
    const wrong = code === '000000' ? '000001' : '000000'
    const attempt = (token: string) => post('/verify', { type: 'magiclink', email, token })
    for (let tries = 0; tries < 5; tries++) {
      const answer = await attempt(wrong)
      expect([answer.status, answer.body.code, answer.body.message]).toEqual([
        403,
        'otp_expired',
        'Token has expired or is invalid',
      ])
    }
    expect((await attempt(code)).status).toBe(403)
    expect(redirectOf(await follow(path)).fragment).toHaveProperty('access_token')
  })

  it('have no more tries for a crowd', async () => {
    const { email, code } = await mailed('magic-link')
    const wrong = Array.from({ length: 30 }, (_, index) => String(100_000 + index)).filter(
      (one) => one !== code,
    )
    await Promise.all(wrong.map((token) => post('/verify', { type: 'magiclink', email, token })))
    expect((await post('/verify', { type: 'magiclink', email, token: code })).status).toBe(403)
  })

  it('are those of their own address', async () => {
    const [one, other] = [await mailed('magic-link'), await mailed('magic-link')]
    const wish = { type: 'magiclink', email: other.email, token: one.code }
    if (one.code !== other.code) expect((await post('/verify', wish)).status).toBe(403)
  })
})

describe('GET /verify', () => {
  it('says what is missing in JSON', async () => {
    for (const query of ['', '?token=x', '?type=signup']) {
      const answer = await follow(`/auth/v1/verify${query}`)
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
      expect(answer.body).toMatchObject({ error_code: 'validation_failed' })
    }
  })

  it.each([
    ['nonsense', 'magiclink', 'otp_expired', 'access_denied'],
    ['got_x', 'nonsense', 'validation_failed', 'invalid_request'],
  ])('sends the token %s of the type %s back with an error', async (token, type, code, error) => {
    const query = `token=${token}&type=${type}&redirect_to=com.app://callback`
    const answer = await follow(`/auth/v1/verify?${query}`)
    expect(answer.status).toBe(303)
    const location = answer.headers.get('location') ?? ''
    expect(location).toMatch(/^com\.app:\/\/callback#/)
    expect(Object.fromEntries(new URLSearchParams(location.split('#')[1]))).toMatchObject({
      error,
      error_code: code,
    })
  })

  it('tells whoever is banned so, and keeps the link for later', async () => {
    const { path, email } = await mailed('magic-link')
    const until = new Date(gateway.world.now().getTime() + 60_000).toISOString()
    await gateway.database.query(`update users set banned_until = '${until}' where email = '${email}'`)
    expect(redirectOf(await follow(path)).fragment).toMatchObject({
      error: 'access_denied',
      error_code: 'user_banned',
    })
    gateway.pass(61)
    expect(redirectOf(await follow(path)).fragment).toHaveProperty('access_token')
  })

  it('is over when the address has changed', async () => {
    const { path, email } = await mailed('recovery')
    await gateway.database.query(`update users set email = 'other-${email}' where email = '${email}'`)
    expect(redirectOf(await follow(path)).fragment).toMatchObject({ error_code: 'otp_expired' })
  })
})

describe('POST /verify refuses', () => {
  it.each([
    [{}, 'Verify requires a verification type'],
    [{ type: 'nonsense', token: 'x', email: 'a@people.test' }, 'Invalid verification type'],
    [{ type: 'email' }, 'Verify requires either a token or a token hash'],
    [{ type: 'email', token: '123456' }, /^Only an email address or phone number/],
    [
      { type: 'email', token: '123456', email: 'a@people.test', phone: '336' },
      /^Only an email address or phone number/,
    ],
    [
      { type: 'email', token_hash: 'x', email: 'a@people.test' },
      'Only the token_hash and type should be provided',
    ],
    [{ type: 'email', token: '123456', email: 'nonsense' }, /invalid format/],
  ])('%j', async (json, message) => {
    const answer = await post('/verify', json)
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
    expect(answer.body.message).toMatch(message)
  })

  it('an address that nobody has as it refuses a wrong code', async () => {
    const answer = await post('/verify', { type: 'email', email: anAddress(), token: '123456' })
    expect([answer.status, answer.body.code]).toEqual([403, 'otp_expired'])
  })

  it('a site that asks without end: thirty at once', async () => {
    gateway.comeFrom('203.0.113.50')
    const ask = () => supabaseCall(gateway, 'POST', '/verify', { json: { type: 'email', token_hash: 'x' } })
    for (let count = 0; count < 30; count++) expect((await ask()).status).toBe(403)
    const refused = await ask()
    expect([refused.status, refused.body.code]).toEqual([429, 'over_request_rate_limit'])
    expect(refused.headers.get('retry-after')).toBe('10')
    expect((await gateway.call('GET', '/auth/v1/verify?token=x&type=email')).status).toBe(429)
  })
})

describe('POST /recover', () => {
  it('answers the same for everybody, and mails who has an account that may be used', async () => {
    const known = await aSupabaseUser(gateway)
    const stranger = anAddress()
    const banned = await aSupabaseUser(gateway, { bannedUntil: new Date('2027-01-01') })
    for (const email of [known.email, stranger, banned.email]) {
      const answer = await post('/recover', { email })
      expect([answer.status, answer.text]).toEqual([200, '{}'])
      const again = await post('/recover', { email })
      expect([again.status, again.body.code]).toEqual([429, 'over_email_send_rate_limit'])
    }
    expect(await messagesTo(gateway, known.email)).toBe(1)
    expect(await messagesTo(gateway, stranger)).toBe(0)
    expect(await messagesTo(gateway, banned.email)).toBe(0)
  })

  it('mails one address five times an hour', async () => {
    const { email } = await aSupabaseUser(gateway)
    for (let count = 0; count < 5; count++) {
      expect((await post('/recover', { email })).status).toBe(200)
      gateway.pass(60)
    }
    const refused = await post('/recover', { email })
    expect([refused.status, refused.body.code]).toEqual([429, 'over_email_send_rate_limit'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60)
  })

  it('asks for an address', async () => {
    const none = await post('/recover', {})
    expect([none.status, none.body.message]).toEqual([400, 'Password recovery requires an email'])
    const bad = await post('/recover', { email: 'nonsense' })
    expect([bad.status, bad.body.code]).toEqual([400, 'validation_failed'])
  })
})

describe('POST /otp', () => {
  it('makes an account for whoever has none, which the link confirms', async () => {
    const email = anAddress()
    const answer = await post('/otp', { email, data: { name: 'Ada' }, create_user: true })
    expect([answer.status, answer.text]).toEqual([200, '{}'])
    const { code, address } = await lastMessage(gateway, 'sign-up', email)
    expect(address.searchParams.get('type')).toBe('signup')
    const signed = await post('/verify', { type: 'email', email, token: code })
    expect(signed.body.user).toMatchObject({ user_metadata: { name: 'Ada', email_verified: true } })
    gateway.pass(60)
    await post('/magiclink', { email })
    expect((await lastMessage(gateway, 'magic-link', email)).address.searchParams.get('type')).toBe(
      'magiclink',
    )
  })

  it('makes none where the caller does not want it', async () => {
    const email = anAddress()
    const answer = await post('/otp', { email, create_user: false })
    expect([answer.status, answer.body.code, answer.body.message]).toEqual([
      422,
      'otp_disabled',
      'Signups not allowed for otp',
    ])
    expect(await gateway.world.store.findUserByEmail(email)).toBeUndefined()
  })

  it('asks for one contact', async () => {
    const none = await post('/otp', {})
    expect([none.status, none.body.message]).toEqual([400, 'One of email or phone must be set'])
    expect((await post('/otp', { email: 'a@people.test', phone: '336' })).status).toBe(400)
  })
})

describe('POST /resend', () => {
  it('mails the link once more to whoever waits, and answers everybody alike', async () => {
    const waiting = anAddress()
    await post('/signup', { email: waiting, password })
    const before = await lastMessage(gateway, 'sign-up', waiting)
    gateway.pass(60)
    const known = await aSupabaseUser(gateway)
    const stranger = anAddress()
    for (const email of [waiting, known.email, stranger]) {
      const answer = await post('/resend', { type: 'signup', email })
      expect([answer.status, answer.text]).toEqual([200, '{}'])
      expect((await post('/resend', { type: 'signup', email })).status).toBe(429)
    }
    expect(await messagesTo(gateway, known.email)).toBe(0)
    expect(await messagesTo(gateway, stranger)).toBe(0)
    const after = await lastMessage(gateway, 'sign-up', waiting)
    expect(after.hash).not.toBe(before.hash)
    expect((await post('/verify', { type: 'signup', token_hash: after.hash })).status).toBe(200)
  })

  it.each([
    [{ email: 'a@people.test' }, /^Missing one of these types/],
    [{ type: 'nonsense', email: 'a@people.test' }, /^Missing one of these types/],
    [{ type: 'signup' }, 'Type provided requires an email address'],
    [{ type: 'sms', email: 'a@people.test' }, 'Type provided requires a phone number'],
    [{ type: 'signup', email: 'nonsense' }, /invalid format/],
  ])('refuses %j', async (json, message) => {
    const answer = await post('/resend', json)
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
    expect(answer.body.message).toMatch(message)
  })
})

describe('GET /reauthenticate', () => {
  it('mails a code to somebody who is signed in, a minute apart', async () => {
    const { hash, email } = await mailed('magic-link')
    const { body } = await post('/verify', { type: 'magiclink', token_hash: hash })
    const ask = () => supabaseCall(gateway, 'GET', '/reauthenticate', { token: body.access_token })
    const answer = await ask()
    expect([answer.status, answer.text]).toEqual([200, '{}'])
    expect((await lastMessage(gateway, 'reauthentication', email)).code).toMatch(/^\d{6}$/)
    const again = await ask()
    expect([again.status, again.body.code]).toEqual([429, 'over_email_send_rate_limit'])
    expect((await supabaseCall(gateway, 'GET', '/reauthenticate')).status).toBe(401)
  })
})
