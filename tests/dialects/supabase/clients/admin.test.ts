import type { GenerateLinkParams } from '@supabase/auth-js'
import { hash } from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import { appCodeAt, stepAt } from '../../../support/app-code.ts'
import { followed } from '../../../support/supabase-mails.ts'
import { aPassword, aStranger, siteUrl, supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

const stage = supabaseStage()

const notThere = ['AuthApiError', 404, 'user_not_found']

describe('admin.createUser', () => {
  it('makes somebody who signs in, with what the application says of them', async () => {
    const email = aStranger()
    const wish = {
      email,
      password: aPassword,
      email_confirm: true,
      user_metadata: { first_name: 'Ada' },
      app_metadata: { plan: 'gold' },
      role: 'editor',
    }
    const { user } = given(await stage.admin().createUser(wish))
    expect(user).toMatchObject({
      email,
      role: 'editor',
      app_metadata: { provider: 'email', providers: ['email'], plan: 'gold' },
      user_metadata: { first_name: 'Ada' },
    })
    const tab = stage.tab()
    given(await tab.auth.signInWithPassword({ email, password: aPassword }))
    const { claims } = (await tab.auth.getClaims()).data!
    expect(claims).toMatchObject({ role: 'editor', app_metadata: { plan: 'gold' } })
  })

  it('takes an id, and a password that another has hashed', async () => {
    const email = aStranger()
    const id = crypto.randomUUID()
    const password = 'password of old'
    const password_hash = await hash(password, 4)
    const { user } = given(await stage.admin().createUser({ id, email, password_hash, email_confirm: true }))
    expect(user.id).toBe(id)
    const wrong = await stage.tab().auth.signInWithPassword({ email, password: aPassword })
    expect(refusal(wrong)?.[2]).toBe('invalid_credentials')
    given(await stage.tab().auth.signInWithPassword({ email, password }))
  })

  it('leaves an address unconfirmed where it is not told otherwise', async () => {
    const email = aStranger()
    given(await stage.admin().createUser({ email, password: aPassword }))
    expect(refusal(await stage.tab().auth.signInWithPassword({ email, password: aPassword }))?.[2]).toBe(
      'email_not_confirmed',
    )
  })

  it('refuses a second one of an address, nobody at all, and an address that is none', async () => {
    const { email } = await stage.person()
    const admin = stage.admin()
    expect(refusal(await admin.createUser({ email }))).toEqual(['AuthApiError', 422, 'email_exists'])
    expect(refusal(await admin.createUser({}))?.slice(1)).toEqual([400, 'validation_failed'])
    expect(refusal(await admin.createUser({ email: 'nobody' }))?.slice(1)).toEqual([400, 'validation_failed'])
  })
})

describe('admin.listUsers', () => {
  it('pages through everybody, the newest first', async () => {
    const made: string[] = []
    for (let one = 0; one < 5; one++) made.unshift((await stage.person()).user.id)
    const first = given(await stage.admin().listUsers({ page: 1, perPage: 2 }))
    const second = given(await stage.admin().listUsers({ page: 2, perPage: 2 }))
    expect([...first.users, ...second.users].map(({ id }) => id)).toEqual(made.slice(0, 4))
    expect(first.total).toBeGreaterThanOrEqual(5)
    const last = Math.ceil(first.total / 2)
    expect([first.nextPage, first.lastPage, second.nextPage]).toEqual([2, last, 3].map(firstDigit))
    const end = given(await stage.admin().listUsers({ page: last, perPage: 2 }))
    expect(end.nextPage).toBeNull()
    expect(end.users.length).toBe(first.total % 2 || 2)
  })

  // The client reads no more of a page number than its first digit.
  const firstDigit = (page: number) => Number(String(page)[0])

  it('without a wish answers fifty a page', async () => {
    const { users, total } = given(await stage.admin().listUsers())
    expect(users.length).toBe(Math.min(50, total))
  })

  it('is refused a page that there cannot be', async () => {
    expect(refusal(await stage.admin().listUsers({ page: -1 }))?.slice(1)).toEqual([400, 'validation_failed'])
  })
})

describe('admin.getUserById', () => {
  it('answers the user, and of nobody that there is none', async () => {
    const { user, email } = await stage.person()
    expect(given(await stage.admin().getUserById(user.id)).user).toMatchObject({ id: user.id, email })
    expect(refusal(await stage.admin().getUserById(crypto.randomUUID()))).toEqual(notThere)
  })
})

describe('admin.updateUserById', () => {
  it('changes an address at once, merges metadata and bans', async () => {
    const { user } = await stage.person({ user_metadata: { theme: 'dark', size: 1 } })
    const email = aStranger()
    const changed = given(
      await stage.admin().updateUserById(user.id, {
        email,
        user_metadata: { size: 2 },
        app_metadata: { plan: 'gold' },
        ban_duration: '24h',
      }),
    )
    expect(changed.user).toMatchObject({
      email,
      user_metadata: { theme: 'dark', size: 2 },
      app_metadata: { provider: 'email', plan: 'gold' },
    })
    const ban = Date.parse(changed.user.banned_until!) - Date.now()
    expect(Math.abs(ban - 86_400_000)).toBeLessThan(60_000)
  })

  it('ends every session by a new password', async () => {
    const tab = await stage.signedIn()
    given(await stage.admin().updateUserById(tab.user.id, { password: 'another lovely horse' }))
    expect(refusal(await tab.auth.getUser())?.[0]).toBe('AuthSessionMissingError')
    given(await tab.auth.signInWithPassword({ email: tab.email, password: 'another lovely horse' }))
  })

  it('bans somebody who is signed in', async () => {
    const { auth, user } = await stage.signedIn()
    given(await stage.admin().updateUserById(user.id, { ban_duration: '1h' }))
    expect(refusal(await auth.getUser())?.slice(1)).toEqual([403, 'user_banned'])
    expect(refusal(await auth.refreshSession())?.slice(1)).toEqual([400, 'user_banned'])
  })

  it('refuses the address of somebody else, and nobody', async () => {
    const [first, second] = [await stage.person(), await stage.person()]
    const taken = await stage.admin().updateUserById(first.user.id, { email: second.email })
    expect(refusal(taken)).toEqual(['AuthApiError', 422, 'email_exists'])
    expect(refusal(await stage.admin().updateUserById(crypto.randomUUID(), { role: 'x' }))).toEqual(notThere)
  })
})

describe('admin.deleteUser', () => {
  it('leaves nothing of somebody', async () => {
    const { auth, user, email, password } = await stage.signedIn()
    expect(given(await stage.admin().deleteUser(user.id)).user?.id).toBe(user.id)
    expect(refusal(await stage.admin().getUserById(user.id))).toEqual(notThere)
    expect((await auth.getUser()).error?.status).toBeLessThan(500)
    expect((await auth.getUser()).data.user).toBeNull()
    expect(refusal(await stage.tab().auth.signInWithPassword({ email, password }))?.[2]).toBe(
      'invalid_credentials',
    )
    given(await stage.admin().createUser({ email, password, email_confirm: true }))
  })

  it('softly keeps the account for a while, and its address is free at once', async () => {
    const { auth, user, email, password } = await stage.signedIn()
    given(await stage.admin().deleteUser(user.id, true))
    expect((await auth.getUser()).data.user).toBeNull()
    expect(refusal(await stage.tab().auth.signInWithPassword({ email, password }))?.[2]).toBe(
      'invalid_credentials',
    )
    const kept = given(await stage.admin().getUserById(user.id))
    expect(typeof kept.user.deleted_at).toBe('string')
    given(await stage.admin().createUser({ email, password, email_confirm: true }))
    given(await stage.tab().auth.signInWithPassword({ email, password }))
  })

  it('of nobody says so', async () => {
    expect(refusal(await stage.admin().deleteUser(crypto.randomUUID()))).toEqual(notThere)
  })
})

describe('admin.inviteUserByEmail', () => {
  it('mails a link that opens a session, in which the guest sets a password', async () => {
    const email = aStranger()
    const options = { data: { team: 'blue' }, redirectTo: `${siteUrl}/join` }
    const { user } = given(await stage.admin().inviteUserByEmail(email, options))
    expect(user).toMatchObject({ email, user_metadata: { team: 'blue' }, invited_at: expect.any(String) })
    const { link } = await stage.mailed(email, 'invite')
    const { to, fragment } = await followed(link!)
    expect([to.pathname, fragment.get('type')]).toEqual(['/join', 'invite'])
    const tab = stage.tab()
    const tokens = {
      access_token: fragment.get('access_token')!,
      refresh_token: fragment.get('refresh_token')!,
    }
    given(await tab.auth.setSession(tokens))
    given(await tab.auth.updateUser({ password: aPassword }))
    given(await stage.tab().auth.signInWithPassword({ email, password: aPassword }))
  })

  it('of somebody who is there is refused', async () => {
    const { email } = await stage.person()
    expect(refusal(await stage.admin().inviteUserByEmail(email))).toEqual([
      'AuthApiError',
      422,
      'email_exists',
    ])
  })
})

describe('admin.generateLink', () => {
  const redirectTo = `${siteUrl}/arrived`
  /** What each type is asked with, and whether it is about somebody who is there. */
  const links: readonly [string, (email: string) => GenerateLinkParams, 'known' | 'new'][] = [
    ['signup', (email) => ({ type: 'signup', email, password: aPassword, options: { redirectTo } }), 'new'],
    ['invite', (email) => ({ type: 'invite', email, options: { redirectTo } }), 'new'],
    ['magiclink', (email) => ({ type: 'magiclink', email, options: { redirectTo } }), 'known'],
    ['recovery', (email) => ({ type: 'recovery', email, options: { redirectTo } }), 'known'],
  ]

  it.each(links)('makes a %s link that signs in, and mails none', async (type, wish, who) => {
    const email = who === 'known' ? (await stage.person()).email : aStranger()
    const { properties, user } = given(await stage.admin().generateLink(wish(email)))
    expect(user).toMatchObject({ email, id: expect.any(String) })
    expect(user).not.toHaveProperty('action_link')
    expect(properties).toMatchObject({ verification_type: type, redirect_to: redirectTo })
    expect(properties.email_otp).toMatch(/^\d{6}$/)
    const link = new URL(properties.action_link)
    expect(link.origin + link.pathname).toBe(`${stage.faceUrl()}/verify`)
    expect(Object.fromEntries(link.searchParams)).toEqual({
      token: properties.hashed_token,
      type,
      redirect_to: redirectTo,
    })
    const { to, fragment } = await followed(link)
    expect(to.origin + to.pathname).toBe(redirectTo)
    const opened = given(await stage.tab().auth.getUser(fragment.get('access_token')!))
    expect(opened.user.id).toBe(user.id)
  })

  it.each(links)('makes a %s code that signs in', async (type, wish, who) => {
    const email = who === 'known' ? (await stage.person()).email : aStranger()
    const { properties } = given(await stage.admin().generateLink(wish(email)))
    const answer = await stage
      .tab()
      .auth.verifyOtp({ email, token: properties.email_otp, type: type as 'signup' })
    expect(given(answer).session).not.toBeNull()
  })

  it('makes the two links of a new address', async () => {
    const { email, user } = await stage.person()
    const newEmail = aStranger()
    const ask = async (type: 'email_change_current' | 'email_change_new') =>
      given(await stage.admin().generateLink({ type, email, newEmail })).properties
    const current = await ask('email_change_current')
    const fresh = await ask('email_change_new')
    const tab = stage.tab()
    const half = await tab.auth.verifyOtp({ token_hash: current.hashed_token, type: 'email_change' })
    expect(given(half).session).toBeNull()
    const whole = await tab.auth.verifyOtp({ token_hash: fresh.hashed_token, type: 'email_change' })
    expect(given(whole).user).toMatchObject({ id: user.id, email: newEmail })
  })

  it('of nobody is refused for a recovery, and a sign-up of somebody who is there', async () => {
    const admin = stage.admin()
    const recovery = await admin.generateLink({ type: 'recovery', email: aStranger() })
    expect(refusal(recovery)).toEqual(notThere)
    const { email } = await stage.person()
    const signup = await admin.generateLink({ type: 'signup', email, password: aPassword })
    expect(refusal(signup)?.slice(1)).toEqual([422, 'email_exists'])
  })
})

describe('admin.signOut', () => {
  it('ends what the scope says, by the token of the user', async () => {
    const tab = await stage.signedIn()
    const { access_token: token } = await tab.session()
    expect(await stage.admin().signOut(token, 'local')).toEqual({ data: null, error: null })
    expect(refusal(await tab.auth.getUser())?.[0]).toBe('AuthSessionMissingError')
  })
})

describe('admin.mfa', () => {
  it('lists the factors of somebody and takes one away', async () => {
    const { auth, user } = await stage.signedIn()
    const admin = stage.admin()
    expect(given(await admin.mfa.listFactors({ userId: user.id })).factors).toEqual([])
    const { id, totp } = given(await auth.mfa.enroll({ factorType: 'totp' }))
    const code = appCodeAt(totp.secret, stepAt(Date.now()))
    given(await auth.mfa.challengeAndVerify({ factorId: id, code }))
    const { factors } = given(await admin.mfa.listFactors({ userId: user.id }))
    expect(factors).toMatchObject([{ id, status: 'verified', factor_type: 'totp' }])
    expect(JSON.stringify(factors)).not.toContain(totp.secret)
    expect(given(await admin.mfa.deleteFactor({ userId: user.id, id }))).toMatchObject({ data: { id } })
    expect(given(await admin.mfa.listFactors({ userId: user.id })).factors).toEqual([])
    expect(refusal(await admin.mfa.deleteFactor({ userId: user.id, id }))?.slice(1)).toEqual([
      404,
      'mfa_factor_not_found',
    ])
  })
})

describe('every door of administrators', () => {
  const doors = (headers: Readonly<Record<string, string>>, id: string) =>
    Promise.all([
      stage.call('GET', '/admin/users', { headers }),
      stage.call('POST', '/admin/users', { headers, json: { email: aStranger() } }),
      stage.call('GET', `/admin/users/${id}`, { headers }),
      stage.call('PUT', `/admin/users/${id}`, { headers, json: { role: 'admin' } }),
      stage.call('DELETE', `/admin/users/${id}`, { headers }),
      stage.call('GET', `/admin/users/${id}/factors`, { headers }),
      stage.call('DELETE', `/admin/users/${id}/factors/${id}`, { headers }),
      stage.call('POST', '/invite', { headers, json: { email: aStranger() } }),
      stage.call('POST', '/admin/generate_link', { headers, json: { type: 'recovery', email: 'a@b.test' } }),
    ])

  it('is closed to a user, to the public key and to strangers', async () => {
    const { session, user } = await stage.signedIn()
    const { access_token: token } = await session()
    const statuses = async (headers: Readonly<Record<string, string>>) =>
      new Set((await doors(headers, user.id)).map(({ status, body }) => `${status} ${body?.error_code}`))
    expect(await statuses({ Authorization: `Bearer ${token}` })).toEqual(new Set(['403 not_admin']))
    const shown = { apikey: stage.publicKey(), Authorization: `Bearer ${stage.publicKey()}` }
    expect(await statuses(shown)).toEqual(new Set(['403 not_admin']))
    expect(await statuses({})).toEqual(new Set(['401 no_authorization']))
  })

  it('is closed to the secret key in a browser', async () => {
    const { user } = await stage.person()
    const headers = {
      apikey: stage.secretKey(),
      Authorization: `Bearer ${stage.secretKey()}`,
      'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36',
    }
    const statuses = (await doors(headers, user.id)).map(({ status }) => status)
    expect(statuses.every((status) => status === 401 || status === 403)).toBe(true)
  })
})
