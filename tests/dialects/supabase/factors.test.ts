import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../support/call.ts'
import { mailsOf, type PersonSeen, signedIn, withRole } from '../../support/people.ts'
import { appCode, challengeOf, complete, withApp, wrongCode } from '../../support/second-factor.ts'
import {
  aSupabaseUser,
  claimsIn,
  type SessionSeen,
  supabaseCall,
  supabaseSession,
} from '../../support/supabase.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

const call = (method: string, path: string, token: string, json?: object): Promise<Answer> =>
  supabaseCall(gateway, method, path, { token, ...(json && { json }) })
const told = ({ status, body }: Answer) => `${status} ${body.code}`

const enrol = (token: string, json: object = {}) =>
  call('POST', '/factors', token, { factor_type: 'totp', ...json })

interface Begun {
  readonly id: string
  readonly secret: string
}

const begun = async (token: string, name = 'phone'): Promise<Begun> => {
  const { status, text, body } = await enrol(token, { friendly_name: name })
  if (status !== 200) throw new Error(`Not enrolled: ${text}`)
  return { id: body.id, secret: body.totp.secret }
}

const challenged = async (token: string, { id }: Pick<Begun, 'id'>): Promise<string> => {
  const { status, text, body } = await call('POST', `/factors/${id}/challenge`, token, { factorId: id })
  if (status !== 200) throw new Error(`Not challenged: ${text}`)
  return body.id
}

const verify = async (token: string, factor: Begun, code = appCode(gateway, factor.secret)) =>
  call('POST', `/factors/${factor.id}/verify`, token, {
    challenge_id: await challenged(token, factor),
    code,
  })

/** A session that a first code has raised, with its factor; no code of that step counts again. */
const raised = async (
  who?: PersonSeen,
): Promise<{ who: PersonSeen; factor: Begun; before: SessionSeen; after: SessionSeen }> => {
  const person = who ?? (await aSupabaseUser(gateway))
  const before = await supabaseSession(gateway, person)
  const factor = await begun(before.access_token)
  const answer = await verify(before.access_token, factor)
  if (answer.status !== 200) throw new Error(`Not raised: ${answer.text}`)
  gateway.pass(60)
  return { who: person, factor, before, after: answer.body }
}

const refresh = (session: SessionSeen) =>
  supabaseCall(gateway, 'POST', '/token?grant_type=refresh_token', {
    json: { refresh_token: session.refresh_token },
  })

describe('an authenticator app', () => {
  it('is enrolled with its secret as text, as an address and as a picture', async () => {
    const who = await aSupabaseUser(gateway)
    const { access_token: token } = await supabaseSession(gateway, who)
    const { status, body } = await enrol(token, { friendly_name: 'my phone', issuer: 'Shop' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ type: 'totp', friendly_name: 'my phone' })
    expect(body.totp.secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(body.totp.qr_code).toMatch(/^<svg[\s\S]*<\/svg>\s*$/)
    const uri = new URL(body.totp.uri)
    expect([uri.protocol, uri.searchParams.get('secret'), uri.searchParams.get('issuer')]).toEqual([
      'otpauth:',
      body.totp.secret,
      'Shop',
    ])
    expect(decodeURIComponent(uri.pathname)).toContain(who.email)
    const { factors } = (await call('GET', '/user', token)).body
    expect(factors).toMatchObject([
      { id: body.id, status: 'unverified', friendly_name: 'my phone', factor_type: 'totp' },
    ])
    expect(JSON.stringify(factors)).not.toContain(body.totp.secret)
  })

  it('is called after the site where its client does not say', async () => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    const { body } = await enrol(token, { friendly_name: null, issuer: '' })
    expect(new URL(body.totp.uri).searchParams.get('issuer')).toBe('site.test')
    expect(body.friendly_name).not.toBe('')
  })

  it.each([
    [{ factor_type: 'phone' }, '422 mfa_phone_enroll_not_enabled'],
    [{ factor_type: 'webauthn' }, '422 mfa_webauthn_enroll_not_enabled'],
    [{ factor_type: 'email' }, '400 validation_failed'],
    [{ factor_type: 'toString' }, '400 validation_failed'],
    [{ factor_type: 7 }, '400 validation_failed'],
    [{ factor_type: null }, '400 validation_failed'],
    [{ friendly_name: 'a\u0000b' }, '400 validation_failed'],
    [{ friendly_name: 'x'.repeat(101) }, '400 validation_failed'],
  ])('is not %j', async (fields, expected) => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    expect(told(await enrol(token, fields))).toBe(expected)
  })

  it('has a name of its own, and no name is one; after five minutes it is free again', async () => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    await begun(token, 'phone')
    expect(told(await enrol(token, { friendly_name: 'phone' }))).toBe('422 mfa_factor_name_conflict')
    expect((await enrol(token)).status).toBe(200)
    expect(told(await enrol(token, { friendly_name: '' }))).toBe('422 mfa_factor_name_conflict')
    gateway.pass(299)
    expect(told(await enrol(token, { friendly_name: 'phone' }))).toBe('422 mfa_factor_name_conflict')
    gateway.pass(1)
    expect((await enrol(token, { friendly_name: 'phone' })).status).toBe(200)
    expect((await call('GET', '/user', token)).body.factors).toHaveLength(1)
  })

  it('is one of ten', async () => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    for (let index = 0; index < 10; index++) await begun(token, `phone ${index}`)
    expect(told(await enrol(token, { friendly_name: 'one more' }))).toBe('422 too_many_enrolled_mfa_factors')
  })

  it('is not for anonymous users, and not for an address that nobody has confirmed', async () => {
    const who = await aSupabaseUser(gateway)
    const { access_token: token } = await supabaseSession(gateway, who)
    await gateway.database.query(`update users set email_confirmed_at = null where id_user = '${who.id}'`)
    expect(told(await enrol(token))).toBe('400 email_not_confirmed')
    await gateway.database.query(`update users set is_anonymous = true where id_user = '${who.id}'`)
    const id = crypto.randomUUID()
    const answers = [
      await enrol(token),
      await call('POST', `/factors/${id}/challenge`, token, {}),
      await call('POST', `/factors/${id}/verify`, token, { challenge_id: id, code: '000000' }),
      await call('DELETE', `/factors/${id}`, token),
    ]
    expect(answers.map(told)).toEqual(Array(4).fill('403 no_authorization'))
  })
})

describe('a challenge', () => {
  it('lives five minutes, to the second', async () => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    const factor = await begun(token)
    const { body } = await call('POST', `/factors/${factor.id}/challenge`, token, {})
    const nowSeconds = Math.floor(gateway.world.now().getTime() / 1000)
    expect(body).toEqual({ id: expect.any(String), type: 'totp', expires_at: nowSeconds + 300 })
    gateway.pass(299)
    const answer = (code: string) =>
      call('POST', `/factors/${factor.id}/verify`, token, { challenge_id: body.id, code })
    expect(told(await answer(wrongCode(gateway, factor.secret)))).toBe('422 mfa_verification_failed')
    gateway.pass(1)
    expect(told(await answer(appCode(gateway, factor.secret)))).toBe('422 mfa_challenge_expired')
  })

  it('is of a factor that is there, and of one’s own', async () => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    const { access_token: other } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    const factor = await begun(token)
    const ask = (id: string, by = token) => call('POST', `/factors/${id}/challenge`, by, {})
    expect(told(await ask('7'))).toBe('404 validation_failed')
    expect(told(await ask(crypto.randomUUID()))).toBe('404 mfa_factor_not_found')
    expect(told(await ask(factor.id, other))).toBe('404 mfa_factor_not_found')
    expect((await ask(factor.id.toUpperCase())).status).toBe(200)
  })

  it('is asked for thirty times, and then as often as one every four seconds', async () => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    const factor = await begun(token)
    for (let index = 0; index < 30; index++) await challenged(token, factor)
    const ask = () => call('POST', `/factors/${factor.id}/challenge`, token, {})
    const refused = await ask()
    expect(told(refused)).toBe('429 over_request_rate_limit')
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(4)
    gateway.pass(4)
    expect((await ask()).status).toBe(200)
  })

  it('is answered once, from where it was asked, for its own factor and person', async () => {
    const { factor, after } = await raised()
    const token = after.access_token
    const other = await begun(token, 'tablet')
    const answer = (challenge: string, of = factor, by = token) =>
      call('POST', `/factors/${of.id}/verify`, by, {
        challenge_id: challenge,
        code: appCode(gateway, of.secret),
      })
    expect(told(await answer(crypto.randomUUID()))).toBe('422 mfa_factor_not_found')
    expect(told(await answer('7'))).toBe('422 mfa_factor_not_found')
    const challenge = await challenged(token, factor)
    expect(told(await answer(challenge, other))).toBe('422 mfa_factor_not_found')
    const stranger = await supabaseSession(gateway, await aSupabaseUser(gateway))
    expect(told(await answer(challenge, factor, stranger.access_token))).toBe('422 mfa_factor_not_found')
    gateway.comeFrom('198.51.100.7')
    expect(told(await answer(challenge))).toBe('422 mfa_ip_address_mismatch')
    gateway.comeFrom('192.0.2.1')
    expect((await answer(challenge)).status).toBe(200)
    gateway.pass(60)
    expect(told(await answer(challenge))).toBe('422 mfa_ip_address_mismatch')
  })

  it('of a sign-in at the native face is none of a session, and the other way round', async () => {
    const { who, factor, after } = await raised()
    const [row] = await gateway.database.query('select count(*)::int as before from sign_in_challenges')
    const challenge = await challengeOf(gateway, who)
    const id = challenge
      .split('_')[1]
      ?.slice(0, 32)
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    const code = appCode(gateway, factor.secret)
    const json = { challenge_id: id, code }
    expect(Number(row?.['before'])).toBeGreaterThan(0)
    expect(told(await call('POST', `/factors/${factor.id}/verify`, after.access_token, json))).toBe(
      '422 mfa_factor_not_found',
    )
    expect((await complete(gateway, { challenge, code })).status).toBe(200)
  })

  it('takes five tries, and the account as a whole few more', async () => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    const factor = await begun(token)
    const challenge = await challenged(token, factor)
    const wrong = wrongCode(gateway, factor.secret)
    const answer = (code: string) =>
      call('POST', `/factors/${factor.id}/verify`, token, { challenge_id: challenge, code })
    expect(told(await answer(''))).toBe('400 validation_failed')
    for (let index = 0; index < 5; index++) expect((await answer(wrong)).body.code).toMatch(/failed$/)
    expect(told(await answer(wrong))).toBe('429 over_request_rate_limit')
    gateway.pass(2)
    expect(told(await answer(appCode(gateway, factor.secret)))).toBe('422 mfa_challenge_expired')
  })
})

describe('a code', () => {
  it('raises the session, tells the owner and opens what was closed', async () => {
    const who = await aSupabaseUser(gateway)
    await withRole(gateway, who, ['orders:read'])
    const { factor, before, after } = await raised(who)
    expect(claimsIn(before.access_token)).toMatchObject({ aal: 'aal1', amr: [{ method: 'password' }] })
    const claims = claimsIn(after.access_token)
    expect(claims).toMatchObject({
      aal: 'aal2',
      amr: [{ method: 'totp' }, { method: 'password' }],
      session_id: claimsIn(before.access_token).session_id,
      scope: 'orders:read',
    })
    expect(after.user.factors).toMatchObject([{ id: factor.id, status: 'verified' }])
    expect(after.refresh_token).not.toBe(before.refresh_token)
    const mail = (await mailsOf(gateway)).find(({ kind, to }) => kind === 'factor-added' && to === who.email)
    expect(mail?.facts).toMatchObject({ factor: 'phone' })

    const next = await supabaseSession(gateway, who)
    expect(claimsIn(next.access_token)).toMatchObject({ aal: 'aal1', scope: '' })
    const again = await verify(next.access_token, factor)
    expect(claimsIn(again.body.access_token)).toMatchObject({ aal: 'aal2', scope: 'orders:read' })
  })

  it('counts once', async () => {
    const { factor, after } = await raised()
    const code = appCode(gateway, factor.secret)
    const first = await verify(after.access_token, factor, code)
    expect(first.status).toBe(200)
    expect(told(await verify(first.body.access_token, factor, code))).toBe('422 mfa_verification_failed')
  })

  it('brings a refresh token that goes on, while those of before lead nowhere', async () => {
    const { before, after } = await raised()
    const next = await refresh(after)
    expect(claimsIn(next.body.access_token)).toMatchObject({ aal: 'aal2' })
    expect(told(await refresh(before))).toMatch(/^400 refresh_token_(not_found|already_used)$/)
  })

  it('and a refresh of the moment before it leave the session alive', async () => {
    const who = await aSupabaseUser(gateway)
    const before = await supabaseSession(gateway, who)
    const factor = await begun(before.access_token)
    const after = (await verify(before.access_token, factor)).body
    expect(told(await refresh(before))).toBe('400 refresh_token_not_found')
    const next = await refresh(after)
    expect([next.status, claimsIn(next.body.access_token).aal]).toEqual([200, 'aal2'])
    // Later it is a theft: two hold tokens of one session.
    gateway.pass(10)
    expect(told(await refresh(before))).toBe('400 refresh_token_already_used')
    expect(told(await call('GET', '/user', next.body.access_token))).toBe('403 session_not_found')
  })

  it('is won by one of many who show it at once', async () => {
    const { factor, after } = await raised()
    const code = appCode(gateway, factor.secret)
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => verify(after.access_token, factor, code)),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.every(({ status }) => [200, 422, 429].includes(status))).toBe(true)
  })

  it('ends the other sessions that were opened with less', async () => {
    const who = await aSupabaseUser(gateway)
    const { factor, after } = await raised(who)
    const other = await supabaseSession(gateway, who)
    const answer = await verify(after.access_token, factor)
    expect(answer.status).toBe(200)
    expect(told(await call('GET', '/user', other.access_token))).toBe('403 session_not_found')
    expect((await call('GET', '/user', answer.body.access_token)).status).toBe(200)
  })

  it('is told to the log with the session and the factor, and no code', async () => {
    const { factor } = await raised()
    const rows = await gateway.database.query(
      `select kind, details::text as details from audit_events where target = '${factor.id}' order by at, kind`,
    )
    expect(rows.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['factor.enrol', 'factor.activate', 'session.raise']),
    )
  })
})

describe('a factor that is taken away', () => {
  it('needs a raised session where it counts, which then is as it was before', async () => {
    const { who, factor, before, after } = await raised()
    const drop = (token: string, id = factor.id) => call('DELETE', `/factors/${id}`, token)
    const weak = await supabaseSession(gateway, who)
    expect(told(await drop(weak.access_token))).toBe('422 insufficient_aal')
    // A token of the session from before it was raised has shown no more than then.
    expect(told(await drop(before.access_token))).toBe('422 insufficient_aal')
    expect(told(await drop(after.access_token, crypto.randomUUID()))).toBe('404 mfa_factor_not_found')
    expect(told(await drop(after.access_token, 'one'))).toBe('404 validation_failed')
    const dropped = await drop(after.access_token)
    expect([dropped.status, dropped.body]).toEqual([200, { id: factor.id }])
    const next = await refresh(after)
    expect(claimsIn(next.body.access_token)).toMatchObject({ aal: 'aal1', amr: [{ method: 'password' }] })
    expect(next.body.user.factors).toBeUndefined()
    const mail = (await mailsOf(gateway)).find(
      ({ kind, to }) => kind === 'factor-removed' && to === who.email,
    )
    expect(mail?.facts).toMatchObject({ factor: 'phone' })
  })

  it('frees the sessions that waited for it, where it was the last one', async () => {
    const { who, factor, after } = await raised()
    const waiting = await supabaseSession(gateway, who)
    expect(claimsIn(waiting.access_token).second_factor_due).toBe(true)
    expect((await call('DELETE', `/factors/${factor.id}`, after.access_token)).status).toBe(200)
    const next = (await refresh(waiting)).body
    expect(claimsIn(next.access_token)).not.toHaveProperty('second_factor_due')
    expect((await gateway.call('GET', '/api/v1/me/sessions', { token: next.access_token })).status).toBe(200)
  })

  it('needs none where it does not count', async () => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    const factor = await begun(token)
    expect((await call('DELETE', `/factors/${factor.id}`, token)).status).toBe(200)
    expect((await call('GET', '/user', token)).body.factors).toBeUndefined()
  })

  it('leaves a token of before no second factor to enrol with, while another one counts', async () => {
    const { factor, after } = await raised()
    const tablet = await begun(after.access_token, 'tablet')
    const both = (await verify(after.access_token, tablet)).body
    expect((await call('DELETE', `/factors/${factor.id}`, both.access_token)).status).toBe(200)
    // The token says aal2 still; the session does not.
    expect(told(await enrol(both.access_token, { friendly_name: 'third' }))).toBe('403 insufficient_aal')
    const next = await refresh(both)
    expect(claimsIn(next.body.access_token)).toMatchObject({ aal: 'aal1', scope: '' })
  })

  it('is not enrolled by a session that lacks one', async () => {
    const { who } = await raised()
    const weak = await supabaseSession(gateway, who)
    expect(told(await enrol(weak.access_token, { friendly_name: 'mine' }))).toBe('403 insufficient_aal')
  })
})

describe('a factor of one face at the other', () => {
  it('is neither enrolled nor taken away here by a session of there, which would be asked for the password', async () => {
    const { who, factor } = await raised()
    const challenge = await challengeOf(gateway, who)
    const code = appCode(gateway, factor.secret)
    const { access } = (await complete(gateway, { challenge, code })).body.data
    expect(claimsIn(access).aal).toBe(2)
    expect(told(await enrol(access, { friendly_name: 'mine' }))).toBe('403 bad_jwt')
    expect(told(await call('DELETE', `/factors/${factor.id}`, access))).toBe('403 bad_jwt')
  })

  it('keeps a session that has not shown it out of all but what shows it', async () => {
    const { who, factor } = await raised()
    const weak = await supabaseSession(gateway, who)
    const at = async (token: string, path: string, method = 'GET') => {
      const { status, body } = await gateway.call(method, `/api/v1${path}`, { token })
      return `${status} ${body?.error?.code}`
    }
    expect(claimsIn(weak.access_token).second_factor_due).toBe(true)
    for (const path of ['/me/export', '/me/sessions', '/me/sign-ins', '/me/keys']) {
      expect(await at(weak.access_token, path)).toBe('403 second_factor_required')
    }
    expect(await at(weak.access_token, '/me')).toBe('200 undefined')
    const answer = await verify(weak.access_token, factor)
    expect(claimsIn(answer.body.access_token)).not.toHaveProperty('second_factor_due')
    expect(await at(answer.body.access_token, '/me/export')).toBe('200 undefined')
  })

  it('is asked for at a native sign-in when it was enrolled here', async () => {
    const { who, factor } = await raised()
    const challenge = await challengeOf(gateway, who)
    const answer = await complete(gateway, { challenge, code: appCode(gateway, factor.secret) })
    expect(answer.status).toBe(200)
  })

  it('raises a session here when it was enrolled there', async () => {
    const who = await aSupabaseUser(gateway)
    const { access } = await signedIn(gateway, who)
    const app = await withApp(gateway, who, access)
    const session = await supabaseSession(gateway, who)
    expect(session.user.factors).toMatchObject([{ id: app.id, status: 'verified' }])
    const answer = await verify(session.access_token, app)
    expect(claimsIn(answer.body.access_token).aal).toBe('aal2')
  })
})
