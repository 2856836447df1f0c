import { describe, expect, it } from 'vitest'
import { appCodeAt, stepAt } from '../../../support/app-code.ts'
import { supabaseClock } from '../../../support/supabase-clock.ts'
import { followed } from '../../../support/supabase-mails.ts'
import { aPassword, aStranger } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

// Two processes that share nothing but the database: what holds here holds by what it says.
const stage = supabaseClock({ instances: 2 })

/** Twenty at once: how many were let through, and by which codes the others were refused. */
async function twenty(
  ask: (index: number) => Promise<{ readonly error: Parameters<typeof refusal>[0]['error'] }>,
) {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)))
  const refused = answers.map(refusal).filter((one) => one !== undefined)
  return { passed: 20 - refused.length, codes: [...new Set(refused.map(([, , code]) => code))] }
}

describe('twenty at once', () => {
  it('with one mailed code open one session', async () => {
    const { email } = await stage.person()
    given(await stage.tab().auth.signInWithOtp({ email }))
    const { code } = await stage.mailed(email, 'magiclink')
    const verify = () => stage.tab().auth.verifyOtp({ email, token: code, type: 'email' })
    expect(await twenty(verify)).toEqual({ passed: 1, codes: ['otp_expired'] })
  })

  it('with the link and the code of one mail open one session', async () => {
    const { email } = await stage.person()
    given(await stage.tab().auth.signInWithOtp({ email }))
    const { code, tokenHash } = await stage.mailed(email, 'magiclink')
    const verify = (index: number) =>
      stage
        .tab()
        .auth.verifyOtp(
          index % 2 === 0
            ? { email, token: code, type: 'email' }
            : { token_hash: tokenHash, type: 'magiclink' },
        )
    expect(await twenty(verify)).toEqual({ passed: 1, codes: ['otp_expired'] })
  })

  it('with one code of a PKCE flow open one session', async () => {
    const { email } = await stage.person()
    const tab = stage.tab({ flowType: 'pkce' })
    given(await tab.auth.signInWithOtp({ email }))
    const { link } = await stage.mailed(email, 'magiclink')
    const { query } = await followed(new URL(link!.pathname + link!.search, stage.faceUrl()))
    const exchange = () =>
      stage
        .tab({ flowType: 'pkce', storage: new Map(tab.storage) })
        .auth.exchangeCodeForSession(query.get('code')!)
    expect(await twenty(exchange)).toEqual({ passed: 1, codes: ['flow_state_not_found'] })
  })

  it('with one address make one account', async () => {
    const email = aStranger()
    const { passed } = await twenty(() => stage.tab().auth.signUp({ email, password: aPassword }))
    expect(passed).toBeGreaterThan(0)
    const { users } = given(await stage.admin().listUsers({ page: 1, perPage: 50 }))
    expect(users.filter((user) => user.email === email)).toHaveLength(1)
  })

  it('of whom an administrator makes one leave the others refused', async () => {
    const email = aStranger()
    const make = () => stage.admin().createUser({ email, email_confirm: true })
    expect(await twenty(make)).toEqual({ passed: 1, codes: ['email_exists'] })
  })

  it('with one code of an app pass once', async () => {
    const person = await stage.signedIn()
    const { id, totp } = given(await person.auth.mfa.enroll({ factorType: 'totp' }))
    const step = stepAt(stage.now())
    const first = appCodeAt(totp.secret, step)
    given(await person.auth.mfa.challengeAndVerify({ factorId: id, code: first }))
    const tabs = Array.from({ length: 20 }, () => stage.tab())
    for (const { auth } of tabs) given(await auth.signInWithPassword(person))
    const code = appCodeAt(totp.secret, step + 1)
    const verify = (index: number) => tabs[index]!.auth.mfa.challengeAndVerify({ factorId: id, code })
    expect(await twenty(verify)).toMatchObject({ passed: 1 })
  })

  it('who sign out and refresh end with no session', async () => {
    const { storage, session } = await stage.signedIn()
    const { refresh_token } = await session()
    await twenty(async (index) => {
      const { auth } = stage.tab({ storage: new Map(storage) })
      return index === 7 ? auth.signOut({ scope: 'global' }) : auth.refreshSession()
    })
    expect((await stage.tab().auth.refreshSession({ refresh_token })).data.session).toBeNull()
  })
})
