import { describe, expect, it } from 'vitest'
import { appCodeAt, stepAt } from '../../../support/app-code.ts'
import { platforms } from '../../../support/platforms.ts'
import { followed } from '../../../support/supabase-mails.ts'
import { aPassword, aStranger, supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

describe.each(Object.entries(platforms))('the clients on %s', (_name, start) => {
  const stage = supabaseStage({}, start)

  it('sign up, confirm, sign in, refresh, reach aal2, change the password and sign out everywhere', async () => {
    const tab = stage.tab({ flowType: 'pkce' })
    const email = aStranger()
    given(await tab.auth.signUp({ email, password: aPassword }))
    const { link } = await stage.mailed(email, 'signup')
    // Where the port is known too late, the public address is another than the one that listens.
    const { query } = await followed(new URL(link!.pathname + link!.search, stage.faceUrl()))
    given(await tab.auth.exchangeCodeForSession(query.get('code')!))
    given(await tab.auth.signInWithPassword({ email, password: aPassword }))
    given(await tab.auth.refreshSession())
    expect((await tab.auth.getClaims()).data!.claims).toMatchObject({ email, aal: 'aal1' })
    const { id, totp } = given(await tab.auth.mfa.enroll({ factorType: 'totp' }))
    const code = appCodeAt(totp.secret, stepAt(Date.now()))
    given(await tab.auth.mfa.challengeAndVerify({ factorId: id, code }))
    expect((await tab.auth.getClaims()).data!.claims.aal).toBe('aal2')
    given(await tab.auth.updateUser({ password: 'another lovely horse', data: { city: 'Paris' } }))
    const other = stage.tab()
    given(await other.auth.signInWithPassword({ email, password: 'another lovely horse' }))
    expect(given(await other.auth.getUser()).user.user_metadata).toMatchObject({ city: 'Paris' })
    expect(refusal(await other.auth.signOut({ scope: 'global' }))).toBeUndefined()
    await expect.poll(async () => (await tab.auth.getUser()).data.user).toBeNull()
  })

  it('administer people', async () => {
    const { user, email } = await stage.person()
    const admin = stage.admin()
    expect(given(await admin.listUsers({ perPage: 1 })).users).toMatchObject([{ id: user.id, email }])
    const { properties } = given(await admin.generateLink({ type: 'recovery', email }))
    const tab = stage.tab()
    given(await tab.auth.verifyOtp({ token_hash: properties.hashed_token, type: 'recovery' }))
    expect(tab.events).toContain('PASSWORD_RECOVERY')
    given(await admin.deleteUser(user.id))
    await expect.poll(async () => (await tab.auth.getUser()).data.user).toBeNull()
  })
})
