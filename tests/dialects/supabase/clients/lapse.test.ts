import { describe, expect, it } from 'vitest'
import { appCodeAt, stepAt } from '../../../support/app-code.ts'
import { supabaseClock } from '../../../support/supabase-clock.ts'
import { followed } from '../../../support/supabase-mails.ts'
import { aPassword, aStranger } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

const stage = supabaseClock()

/** The link as it is served here: the public address leads nowhere. */
const here = (link: URL) => new URL(link.pathname + link.search, stage.faceUrl())

describe('a mailed code', () => {
  it('is good to its last minute, and then no more', async () => {
    const [first, second] = [await stage.person(), await stage.person()]
    const codes: string[] = []
    for (const { email } of [first, second]) {
      given(await stage.tab().auth.signInWithOtp({ email }))
      codes.push((await stage.mailed(email, 'magiclink')).code)
    }
    const verify = (who: number) =>
      stage.tab().auth.verifyOtp({ email: [first, second][who]!.email, token: codes[who]!, type: 'email' })
    stage.pass(3590)
    given(await verify(0))
    stage.pass(11)
    expect(refusal(await verify(1))).toEqual(['AuthApiError', 403, 'otp_expired'])
  })

  it('may be asked for again after a minute, and the new one is good', async () => {
    const tab = stage.tab()
    const email = aStranger()
    given(await tab.auth.signUp({ email, password: aPassword }))
    await stage.mailed(email, 'signup')
    expect(refusal(await tab.auth.resend({ type: 'signup', email }))?.[1]).toBe(429)
    stage.pass(61)
    given(await tab.auth.resend({ type: 'signup', email }))
    const { code } = await stage.mailed(email, 'signup')
    given(await tab.auth.verifyOtp({ email, token: code, type: 'signup' }))
  })

  it('of a new address may be asked for again', async () => {
    const tab = await stage.signedIn()
    const email = aStranger()
    given(await tab.auth.updateUser({ email }))
    const before = await stage.mailed(email, 'email_change')
    stage.pass(61)
    // By the address that counts until then.
    given(await tab.auth.resend({ type: 'email_change', email: tab.email }))
    const { tokenHash } = await stage.mailed(email, 'email_change')
    expect(tokenHash).not.toBe(before.tokenHash)
    given(await tab.auth.verifyOtp({ token_hash: tokenHash, type: 'email_change' }))
  })

  it('goes into a mail once a minute for each matter', async () => {
    const { email } = await stage.person()
    const { auth } = stage.tab()
    given(await auth.resetPasswordForEmail(email))
    expect(refusal(await auth.resetPasswordForEmail(email))).toEqual([
      'AuthApiError',
      429,
      'over_email_send_rate_limit',
    ])
    stage.pass(61)
    given(await auth.resetPasswordForEmail(email))
  })
})

describe('the code of a PKCE flow', () => {
  it('lives five minutes', async () => {
    for (const [seconds, refused] of [
      [290, undefined],
      [310, ['AuthApiError', 422, 'flow_state_expired']],
    ] as const) {
      const { email } = await stage.person()
      const tab = stage.tab({ flowType: 'pkce' })
      given(await tab.auth.signInWithOtp({ email }))
      const { link } = await stage.mailed(email, 'magiclink')
      const code = (await followed(here(link!))).query.get('code')!
      stage.pass(seconds)
      expect(refusal(await tab.auth.exchangeCodeForSession(code))).toEqual(refused)
    }
  })
})

describe('a challenge of a factor', () => {
  it('lives five minutes', async () => {
    const { auth } = await stage.signedIn()
    const { id, totp } = given(await auth.mfa.enroll({ factorType: 'totp' }))
    const { id: challengeId, expires_at } = given(await auth.mfa.challenge({ factorId: id }))
    stage.pass(310)
    const code = appCodeAt(totp.secret, stepAt((expires_at + 10) * 1000))
    expect(refusal(await auth.mfa.verify({ factorId: id, challengeId, code }))).toEqual([
      'AuthApiError',
      422,
      'mfa_challenge_expired',
    ])
  })
})

describe('a ban', () => {
  it('ends by itself', async () => {
    const { user, email, password } = await stage.person()
    given(await stage.admin().updateUserById(user.id, { ban_duration: '1h' }))
    stage.pass(3590)
    expect(refusal(await stage.tab().auth.signInWithPassword({ email, password }))?.[2]).toBe('user_banned')
    stage.pass(11)
    given(await stage.tab().auth.signInWithPassword({ email, password }))
  })
})
