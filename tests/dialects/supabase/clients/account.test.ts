import { describe, expect, it } from 'vitest'
import { followed } from '../../../support/supabase-mails.ts'
import { aPassword, aStranger, supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

const stage = supabaseStage()

describe('updateUser', () => {
  it('merges what users say of themselves, and a null takes a key away', async () => {
    const tab = await stage.signedIn()
    given(await tab.auth.updateUser({ data: { theme: 'dark', size: 2 } }))
    const { user } = given(await tab.auth.updateUser({ data: { theme: null, city: 'Paris' } }))
    expect(user.user_metadata).toMatchObject({ size: 2, city: 'Paris' })
    expect(user.user_metadata).not.toHaveProperty('theme')
    expect(tab.events).toContain('USER_UPDATED')
    expect((await tab.session()).user.user_metadata).toMatchObject({ city: 'Paris' })
    expect(given(await tab.auth.getUser()).user.user_metadata).toMatchObject({ city: 'Paris' })
  })

  it('sets a new password, and ends every other session', async () => {
    const tab = await stage.signedIn()
    const other = stage.tab()
    given(await other.auth.signInWithPassword(tab))
    given(await tab.auth.updateUser({ password: 'another lovely horse' }))
    given(await tab.auth.getUser())
    expect(refusal(await other.auth.getUser())?.[0]).toBe('AuthSessionMissingError')
    given(await other.auth.signInWithPassword({ email: tab.email, password: 'another lovely horse' }))
  })

  it.each([
    ['the same password', aPassword, [422, 'same_password']],
    ['a short password', 'short', [422, 'weak_password']],
    ['a password that everybody has', 'password123', [422, 'weak_password']],
  ])('refuses %s', async (_what, password, refused) => {
    const tab = await stage.signedIn()
    expect(refusal(await tab.auth.updateUser({ password }))?.slice(1)).toEqual(refused)
    given(await stage.tab().auth.signInWithPassword(tab))
  })

  it('changes the address when both have agreed', async () => {
    const tab = await stage.signedIn()
    const email = aStranger()
    const { user } = given(await tab.auth.updateUser({ email }))
    expect(user).toMatchObject({ email: tab.email, new_email: email })
    expect(Date.parse(user.email_change_sent_at!)).not.toBeNaN()
    const old = await stage.mailed(tab.email, 'email_change')
    const fresh = await stage.mailed(email, 'email_change')
    const half = given(await tab.auth.verifyOtp({ token_hash: old.tokenHash, type: 'email_change' }))
    expect(half).toEqual({ user: null, session: null })
    expect(given(await tab.auth.getUser()).user.email).toBe(tab.email)
    const whole = given(await tab.auth.verifyOtp({ email, token: fresh.code, type: 'email_change' }))
    expect(whole.user).toMatchObject({ id: tab.user.id, email })
    given(await stage.tab().auth.signInWithPassword({ email, password: aPassword }))
    expect(refusal(await stage.tab().auth.signInWithPassword(tab))?.[2]).toBe('invalid_credentials')
  })

  it('changes the address by the two links, of which the first says that another is awaited', async () => {
    const tab = await stage.signedIn()
    const email = aStranger()
    given(await tab.auth.updateUser({ email }))
    const fresh = await followed((await stage.mailed(email, 'email_change')).link!)
    expect(fresh.fragment.get('access_token')).toBeNull()
    expect(fresh.fragment.get('message')).toMatch(/other email/i)
    const old = await followed((await stage.mailed(tab.email, 'email_change')).link!)
    expect(old.fragment.get('type')).toBe('email_change')
    expect(given(await tab.auth.getUser(old.fragment.get('access_token')!)).user.email).toBe(email)
  })

  it('refuses an address that somebody else has', async () => {
    const tab = await stage.signedIn()
    const { email } = await stage.person()
    expect(refusal(await tab.auth.updateUser({ email }))).toEqual(['AuthApiError', 422, 'email_exists'])
  })

  it('lets nobody write what the application says of them', async () => {
    const { session } = await stage.signedIn()
    const { access_token: token } = await session()
    const headers = { 'X-Supabase-Api-Version': '2024-01-01' }
    const json = { app_metadata: { role: 'admin' } }
    const { status, body } = await stage.call('PUT', '/user', { token, headers, json })
    expect([status, body.code]).toEqual([403, 'not_admin'])
  })

  it('without a session says that there is none', async () => {
    expect(refusal(await stage.tab().auth.updateUser({ data: {} }))?.[0]).toBe('AuthSessionMissingError')
  })
})

describe('reauthenticate', () => {
  it('mails a code that goes with a new password', async () => {
    const tab = await stage.signedIn()
    expect(given(await tab.auth.reauthenticate())).toEqual({ user: null, session: null })
    const { code } = await stage.mailed(tab.email)
    const wish = { password: 'another lovely horse' }
    given(await tab.auth.updateUser({ ...wish, nonce: code }))
    given(await stage.tab().auth.signInWithPassword({ ...wish, email: tab.email }))
  })

  it('twice within a minute is refused', async () => {
    const { auth } = await stage.signedIn()
    given(await auth.reauthenticate())
    expect(refusal(await auth.reauthenticate())?.slice(1)).toEqual([429, 'over_email_send_rate_limit'])
  })

  it('of somebody without an address is refused', async () => {
    const { auth } = stage.tab()
    given(await auth.signInAnonymously())
    expect(refusal(await auth.reauthenticate())?.slice(1)).toEqual([400, 'validation_failed'])
  })
})

describe('getUserIdentities', () => {
  it('lists the address that somebody signs in by', async () => {
    const { auth, user, email } = await stage.signedIn()
    const { identities } = given(await auth.getUserIdentities())
    expect(identities).toMatchObject([
      {
        identity_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        id: user.id,
        user_id: user.id,
        provider: 'email',
        identity_data: { sub: user.id, email },
      },
    ])
  })
})
