import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SupabasePolicy } from '../../../src/core/policy.ts'
import type { Answer } from '../../support/call.ts'
import { anAddress, aPassword, mailsOf, type PersonSeen, signedIn } from '../../support/people.ts'
import { withApp } from '../../support/second-factor.ts'
import {
  aSupabaseUser,
  claimsIn,
  type SessionSeen,
  supabaseCall,
  supabaseSession,
} from '../../support/supabase.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

let gateway: TestGateway

const open = (supabase: Partial<SupabasePolicy> = {}) =>
  createTestGateway({ policy: { supabase: { ...testPolicy.supabase, ...supabase } } })

beforeAll(async () => {
  gateway = await open()
})
afterAll(() => gateway.close())

const put = (token: string, json: object, { at = gateway, query = '' } = {}): Promise<Answer> =>
  supabaseCall(at, 'PUT', `/user${query}`, { token, json })
const told = ({ status, body }: Answer) => `${status} ${body.code}`

const somebody = async (
  at = gateway,
): Promise<PersonSeen & { readonly token: string; session: SessionSeen }> => {
  const who = await aSupabaseUser(at)
  const session = await supabaseSession(at, who)
  return { ...who, token: session.access_token, session }
}

/** Makes somebody one who has not said who they are, as a sign-in without anything does. */
const unnamed = async (at = gateway) => {
  const who = await somebody(at)
  await at.database.query(
    `update users set email = null, email_confirmed_at = null, password_hash = null, is_anonymous = true
      where id_user = '${who.id}'`,
  )
  return who
}

const lastMail = async (kind: string, to: string, at = gateway) =>
  (await mailsOf(at)).findLast((mail) => mail.kind === kind && mail.to === to)

const caller = { address: '192.0.2.1', userAgent: undefined, requestId: 'r' }

/** Redeems the link of a mail, as a browser that opens it does. */
const follow = async (link: string, at = gateway) => {
  const hash = new URL(link).searchParams.get('token') ?? ''
  const redeemed = await at.service.redeemProof({ kind: 'link', type: 'email_change', hash }, caller)
  return redeemed.ok ? redeemed.value.kind : redeemed.failure.reason
}

const userOf = async (token: string, at = gateway) => (await supabaseCall(at, 'GET', '/user', { token })).body

describe('data', () => {
  it('is laid over what there is, and null takes a member away', async () => {
    const { token } = await somebody()
    await put(token, { data: { team: 'engines', theme: { dark: true }, note: 'x' } })
    const { status, body } = await put(token, {
      data: { theme: { size: 7 }, note: null, never: null, e: [] },
    })
    expect(status).toBe(200)
    expect(body.user_metadata).toEqual({ team: 'engines', theme: { size: 7 }, e: [] })
    expect((await userOf(token)).user_metadata).toEqual(body.user_metadata)
  })

  it('of two who note something at once is kept of both', async () => {
    const { token } = await somebody()
    const names = ['a', 'b', 'c', 'd', 'e']
    const answers = await Promise.all(names.map((name) => put(token, { data: { [name]: 1 } })))
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200))
    expect(Object.keys((await userOf(token)).user_metadata).sort()).toEqual(names)
  })

  it('is at most 16 KiB with what there was, and nothing that cannot be kept', async () => {
    const { token } = await somebody()
    expect((await put(token, { data: { one: 'x'.repeat(10_000) } })).status).toBe(200)
    expect(told(await put(token, { data: { two: 'x'.repeat(10_000) } }))).toBe('400 validation_failed')
    expect((await put(token, { data: { one: null, two: 'x'.repeat(10_000) } })).status).toBe(200)
    for (const data of [{ a: '\u0000' }, { a: '\ud800' }, 'text', [1], 7]) {
      expect(told(await put(token, { data }))).toBe('400 validation_failed')
    }
  })

  it('of the operator is nobody’s own to write', async () => {
    const { token } = await somebody()
    const json = { app_metadata: { role: 'admin' }, data: { team: 'engines' } }
    expect(told(await put(token, json))).toBe('403 not_admin')
    const user = await userOf(token)
    expect(user.user_metadata).toEqual({})
    expect(user.app_metadata).toEqual({ provider: 'email', providers: ['email'] })
  })

  it('is what a new token says', async () => {
    const { token, session } = await somebody()
    await put(token, { data: { team: 'engines' } })
    const json = { refresh_token: session.refresh_token }
    const next = await supabaseCall(gateway, 'POST', '/token?grant_type=refresh_token', { json })
    expect(claimsIn(next.body.access_token).user_metadata).toEqual({ team: 'engines' })
  })

  it('may be nothing at all', async () => {
    const { token } = await somebody()
    expect((await put(token, { data: null, email: null, password: null, code_challenge: null })).status).toBe(
      200,
    )
    expect(told(await supabaseCall(gateway, 'PUT', '/user', { token }))).toBe('400 bad_json')
    expect(told(await supabaseCall(gateway, 'PUT', '/user', { json: {} }))).toBe('401 no_authorization')
  })
})

describe('another address', () => {
  it('counts when both mailboxes have agreed, in either order', async () => {
    for (const first of ['new', 'old'] as const) {
      const { token, email, id } = await somebody()
      const to = anAddress()
      const { status, body } = await put(
        token,
        { email: to.toUpperCase() },
        {
          query: '?redirect_to=https%3A%2F%2Fsite.test%2Fwelcome',
        },
      )
      expect(status).toBe(200)
      expect(body).toMatchObject({ email, new_email: to, email_change_sent_at: expect.any(String) })
      const toNew = await lastMail('supabase-email-change', to)
      const toOld = await lastMail('supabase-email-change-current', email)
      expect(toNew?.facts.link).toContain('type=email_change&redirect_to=https://site.test/welcome')
      expect(toOld?.facts.newEmail).toBe(to)
      const order = first === 'new' ? [toNew, toOld] : [toOld, toNew]
      expect(await follow(order[0]?.facts.link)).toBe('half')
      expect((await userOf(token)).email).toBe(email)
      expect(await follow(order[1]?.facts.link)).toBe('tokens')
      const user = await userOf(token)
      expect([user.id, user.email, user.new_email]).toEqual([id, to, undefined])
      expect((await signedIn(gateway, { email: to, password: aPassword })).access).toBeTruthy()
    }
  })

  it('that is asked for next voids both halves of the one before', async () => {
    const { token, email } = await somebody()
    const [one, two] = [anAddress(), anAddress()]
    await put(token, { email: one })
    const before = [
      await lastMail('supabase-email-change', one),
      await lastMail('supabase-email-change-current', email),
    ]
    expect((await put(token, { email: two })).body.new_email).toBe(two)
    for (const mail of before) expect(await follow(mail?.facts.link)).toBe('one_time_token_invalid')
    expect(await follow((await lastMail('supabase-email-change', two))?.facts.link)).toBe('half')
    expect(await follow((await lastMail('supabase-email-change-current', email))?.facts.link)).toBe('tokens')
    expect((await userOf(token)).email).toBe(two)
  })

  it('is asked of the new mailbox alone where the operator says so, and the old one is told', async () => {
    const at = await open({ secureEmailChange: false })
    try {
      const { token, email } = await somebody(at)
      const to = anAddress()
      expect((await put(token, { email: to }, { at })).body.new_email).toBe(to)
      expect(await lastMail('supabase-email-change-current', email, at)).toBeUndefined()
      expect((await lastMail('email-change-asked', email, at))?.facts.newEmail).toBe(to)
      expect(await follow((await lastMail('supabase-email-change', to, at))?.facts.link, at)).toBe('tokens')
      expect((await userOf(token, at)).email).toBe(to)
    } finally {
      await at.close()
    }
  })

  it('is none where it is the one that there is', async () => {
    const { token, email } = await somebody()
    const { status, body } = await put(token, { email: ` ${email}`.trim().toUpperCase() })
    expect([status, body.new_email]).toEqual([200, undefined])
    expect(await lastMail('supabase-email-change', email)).toBeUndefined()
  })

  it.each([
    ['nobody', 'validation_failed', 400],
    ['@', 'validation_failed', 400],
    ['a@b@example.com', 'validation_failed', 400],
    [7, 'validation_failed', 400],
  ])('is not %j', async (email, code, status) => {
    const { token } = await somebody()
    expect(told(await put(token, { email }))).toBe(`${status} ${code}`)
  })

  it('of somebody else is told to be one, and nobody is mailed', async () => {
    const { token } = await somebody()
    const other = await somebody()
    const before = (await mailsOf(gateway)).length
    expect(told(await put(token, { email: other.email, data: { a: 1 } }))).toBe('422 email_exists')
    expect((await mailsOf(gateway)).length).toBe(before)
    expect((await userOf(token)).user_metadata).toEqual({})
  })

  it('is mailed to once a minute', async () => {
    const { token } = await somebody()
    const to = anAddress()
    expect((await put(token, { email: to })).status).toBe(200)
    const refused = await put(token, { email: to, data: { a: 1 } })
    expect(told(refused)).toBe('429 over_email_send_rate_limit')
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    expect((await userOf(token)).user_metadata).toEqual({})
    gateway.pass(60)
    expect((await put(token, { email: to })).status).toBe(200)
  })

  it('comes with a code challenge, or with no half of one', async () => {
    const { token } = await somebody()
    const to = anAddress()
    const challenge = { code_challenge: 'c'.repeat(43), code_challenge_method: 's256' }
    expect((await put(token, { email: to, ...challenge })).status).toBe(200)
    expect((await lastMail('supabase-email-change', to))?.facts.link).toContain('token=pkce_')
    for (const half of [
      { code_challenge: 'c'.repeat(43) },
      { code_challenge_method: 's256' },
      { ...challenge, code_challenge: 'c'.repeat(42) },
      { ...challenge, code_challenge_method: 'md5' },
    ]) {
      expect(told(await put(token, { email: anAddress(), ...half }))).toBe('400 validation_failed')
    }
  })
})

describe('another number', () => {
  it('is refused where no code can be sent to one', async () => {
    const { token } = await somebody()
    expect(told(await put(token, { phone: '+33123456789' }))).toBe('400 phone_provider_disabled')
  })

  it('is none where it is one’s own, however it is written, even where no code can be sent', async () => {
    const { token, id } = await somebody()
    await gateway.database.query(`update users set sign_in_phone = '33987654321' where id_user = '${id}'`)
    const { status, body } = await put(token, { phone: '+33 987 654 321', data: { a: 1 } })
    expect([status, body.phone, body.new_phone]).toEqual([200, '33987654321', undefined])
  })

  it('is sent a code, and is told to be another’s', async () => {
    const at = await open({ sms: true })
    try {
      const { token } = await somebody(at)
      const { status, body } = await put(token, { phone: '+33 123 456 789', channel: 'sms' }, { at })
      expect(status).toBe(200)
      expect(body).toMatchObject({ phone: '', new_phone: '33123456789' })
      const sms = await lastMail('sms-code', '33123456789', at)
      const proof = { kind: 'phone', phone: '33123456789', channel: 'sms' } as const
      const code = sms?.facts.code
      const redeemed = await at.service.redeemProof(
        { kind: 'code', type: 'phone_change', contact: proof, code },
        caller,
      )
      expect(redeemed.ok).toBe(true)
      expect((await userOf(token, at)).phone).toBe('33123456789')
      const other = await somebody(at)
      expect(told(await put(other.token, { phone: '33123456789' }, { at }))).toBe('422 phone_exists')
      expect(told(await put(other.token, { phone: '0123' }, { at }))).toBe('400 validation_failed')
    } finally {
      await at.close()
    }
  })
})

describe('a new password', () => {
  const fresh = 'another long enough one'

  it('ends the other sessions, of every face, and is told by mail', async () => {
    const who = await somebody()
    const other = await supabaseSession(gateway, who)
    const native = await signedIn(gateway, who)
    const { status, body } = await put(who.token, { password: fresh })
    expect([status, body.id]).toEqual([200, who.id])
    expect((await supabaseCall(gateway, 'GET', '/user', { token: who.token })).status).toBe(200)
    const gone = await supabaseCall(gateway, 'GET', '/user', { token: other.access_token })
    expect(told(gone)).toBe('403 session_not_found')
    expect((await gateway.call('GET', '/api/v1/me', { token: native.access })).status).toBe(401)
    const refresh = { refresh_token: who.session.refresh_token }
    const next = await supabaseCall(gateway, 'POST', '/token?grant_type=refresh_token', { json: refresh })
    expect(next.status).toBe(200)
    expect(await lastMail('password-changed', who.email)).toBeDefined()
    await expect(supabaseSession(gateway, who)).rejects.toThrow('invalid_credentials')
    expect((await supabaseSession(gateway, { ...who, password: fresh })).user.id).toBe(who.id)
  })

  it('is not the one of before, nor too short, nor common, nor too long', async () => {
    const { token, email } = await somebody()
    const refused = async (password: string) => {
      const answer = await put(token, { password })
      return [told(answer), answer.body.weak_password?.reasons]
    }
    expect(await refused(aPassword)).toEqual(['422 same_password', undefined])
    expect(await refused('short')).toEqual(['422 weak_password', ['length']])
    expect(await refused('')).toEqual(['422 weak_password', ['length']])
    expect(await refused('password')).toEqual(['422 weak_password', ['pwned']])
    expect(await refused(email)).toEqual(['422 weak_password', ['pwned']])
    expect(await refused('x'.repeat(73))).toEqual(['400 validation_failed', undefined])
    expect(await refused('é'.repeat(37))).toEqual(['400 validation_failed', undefined])
  })

  it('that is weak is told in the words of the client’s version', async () => {
    const { token } = await somebody()
    const old = await gateway.call('PUT', '/auth/v1/user', { token, json: { password: 'short' } })
    expect(old.body).toMatchObject({
      code: 422,
      error_code: 'weak_password',
      msg: expect.any(String),
      weak_password: { reasons: ['length'] },
    })
    const { body, headers } = await put(token, { password: 'short' })
    expect(body).toEqual({
      code: 'weak_password',
      message: expect.any(String),
      weak_password: { reasons: ['length'] },
    })
    expect(headers.get('x-supabase-api-version')).toBe('2024-01-01')
  })

  it('is no oracle: a right guess beside what is refused is told as a wrong one', async () => {
    const { token } = await somebody()
    const taken = (await somebody()).email
    for (const password of [aPassword, fresh]) {
      expect(told(await put(token, { password, email: taken }))).toBe('422 email_exists')
    }
  })

  it('needs the current one where the operator says so, unless a link has opened the session', async () => {
    const at = await open({ asksCurrentPassword: true })
    try {
      const who = await somebody(at)
      const ask = (json: object) => put(who.token, json, { at })
      expect(told(await ask({ password: fresh }))).toBe('400 current_password_required')
      const wrong = { password: fresh, current_password: 'not this one at all' }
      expect(told(await ask(wrong))).toBe('400 current_password_invalid')
      expect((await ask({ password: fresh, current_password: aPassword })).status).toBe(200)
      await at.database.query(`update sessions set amr = '{link}' where user_id = '${who.id}'`)
      expect((await ask({ password: 'yet another long enough one' })).status).toBe(200)
    } finally {
      await at.close()
    }
  })

  it('counts wrong guesses at the current one', async () => {
    const { token } = await somebody()
    const guess = () => put(token, { password: fresh, current_password: 'not this one at all' })
    for (let index = 0; index < 5; index++) expect(told(await guess())).toBe('400 current_password_invalid')
    expect(told(await guess())).toBe('429 over_request_rate_limit')
  })

  it('needs a code that was mailed, from the day after the sign-in, where the operator says so', async () => {
    const at = await open({ reauthenticates: true, accessTtlSeconds: 86_400 })
    try {
      const who = await somebody(at)
      const ask = (json: object) => put(who.token, json, { at })
      at.pass(86_399)
      expect((await ask({ password: fresh })).status).toBe(200)
      at.pass(2)
      const refresh = { refresh_token: who.session.refresh_token }
      const next = await supabaseCall(at, 'POST', '/token?grant_type=refresh_token', { json: refresh })
      const token = next.body.access_token
      const later = (json: object) => put(token, { password: 'yet another long enough one', ...json }, { at })
      expect(told(await later({}))).toBe('400 reauthentication_needed')
      expect(told(await later({ nonce: '000000' }))).toBe('422 reauthentication_not_valid')
      const principal = (await at.service.admit(token, caller)).ok
      expect(principal).toBe(true)
      const admitted = await at.service.admit(token, caller)
      if (!admitted.ok) throw new Error('Not admitted.')
      await at.service.sendReauthentication({ principal: admitted.value.principal, caller })
      const nonce = (await lastMail('reauthentication', who.email, at))?.facts.code
      const other = await somebody(at)
      expect((await put(other.token, { data: { a: 1 } }, { at })).status).toBe(200)
      expect(told(await later({ nonce: nonce === '111111' ? '222222' : '111111' }))).toBe(
        '422 reauthentication_not_valid',
      )
      expect((await later({ nonce })).status).toBe(200)
      // Once, and no more.
      const again = await put(token, { password: 'and one more long enough one', nonce }, { at })
      expect(told(again)).toBe('422 reauthentication_not_valid')
    } finally {
      await at.close()
    }
  })

  it('voids what was mailed to set one, and the address that was asked for before', async () => {
    const { token, email } = await somebody()
    const to = anAddress()
    await put(token, { email: to })
    const mail = await lastMail('supabase-email-change', to)
    expect((await put(token, { password: fresh })).status).toBe(200)
    expect(await follow(mail?.facts.link)).toBe('one_time_token_invalid')
    expect((await userOf(token)).email).toBe(email)
  })
})

describe('somebody with a second factor', () => {
  it('changes what weighs in a raised session alone, and what they note in any', async () => {
    const who = await aSupabaseUser(gateway)
    const { access } = await signedIn(gateway, who)
    await withApp(gateway, who, access)
    const { access_token: token } = await supabaseSession(gateway, who)
    for (const json of [
      { password: 'another long enough one' },
      { email: anAddress() },
      { email: anAddress(), data: { a: 1 } },
    ]) {
      expect(told(await put(token, json))).toBe('401 insufficient_aal')
    }
    const { status, body } = await put(token, { data: { a: 1 }, email: who.email })
    expect([status, body.user_metadata]).toEqual([200, { a: 1 }])
  })
})

describe('an anonymous user', () => {
  it('keeps the id and is somebody at once where nothing has to be confirmed', async () => {
    const who = await unnamed()
    const email = anAddress()
    const { status, body } = await put(who.token, { email, password: 'a very long secret' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: who.id, email, is_anonymous: false })
    expect(body.email_confirmed_at).toEqual(expect.any(String))
    expect(body.new_email).toBeUndefined()
    const session = await supabaseSession(gateway, { email, password: 'a very long secret' })
    expect([session.user.id, claimsIn(session.access_token).is_anonymous]).toEqual([who.id, false])
  })

  it('keeps the id and is somebody when the link was followed, elsewhere', async () => {
    const at = await open({ autoconfirm: false })
    try {
      const who = await unnamed(at)
      const email = anAddress()
      const asked = await put(who.token, { email }, { at })
      expect(asked.body).toMatchObject({ email: '', new_email: email, is_anonymous: true })
      expect(await follow((await lastMail('supabase-email-change', email, at))?.facts.link, at)).toBe(
        'tokens',
      )
      const user = await userOf(who.token, at)
      expect(user).toMatchObject({ id: who.id, email, is_anonymous: false })
    } finally {
      await at.close()
    }
  })

  it('sets no password that could not be asked for', async () => {
    const { token } = await unnamed()
    expect(told(await put(token, { password: 'a very long secret' }))).toBe('422 validation_failed')
  })

  it('is not given the address of somebody else', async () => {
    const { token } = await unnamed()
    const other = await somebody()
    expect(told(await put(token, { email: other.email }))).toBe('422 email_exists')
    expect((await userOf(token)).is_anonymous).toBe(true)
  })

  it('of many who ask for one address at once one gets it', async () => {
    const email = anAddress()
    const tokens = await Promise.all(Array.from({ length: 4 }, async () => (await unnamed()).token))
    const answers = await Promise.all(tokens.map((token) => put(token, { email })))
    expect(answers.map(told).sort()).toEqual([
      '200 undefined',
      '422 email_exists',
      '422 email_exists',
      '422 email_exists',
    ])
  })
})

describe('whoever asks for changes', () => {
  it('has signed in at this face: elsewhere the password would be asked for', async () => {
    const who = await aSupabaseUser(gateway)
    const { access } = await signedIn(gateway, who)
    for (const json of [{ password: 'another long enough one' }, { data: { a: 1 } }]) {
      expect(told(await put(access, json))).toBe('403 bad_jwt')
    }
    const key = await gateway.accessToken()
    expect(told(await put(key, { data: { a: 1 } }))).toBe('403 bad_jwt')
  })

  it('asks thirty times in five minutes', async () => {
    const { token } = await somebody()
    for (let index = 0; index < 30; index++) await put(token, { data: { index } })
    expect(told(await put(token, { data: { index: 30 } }))).toBe('429 over_request_rate_limit')
  })

  it('is told to the log by the fields alone', async () => {
    const { token, id } = await somebody()
    await put(token, { email: anAddress(), data: { secretly: 'this' } })
    const [row] = await gateway.database.query(
      `select kind, details from audit_events where target = '${id}' and kind like 'user.%'`,
    )
    expect(row).toMatchObject({ kind: 'user.update', details: { fields: ['email', 'metadata'] } })
  })
})
