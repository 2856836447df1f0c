import { describe, expect, it } from 'vitest'
import { followed } from '../../../support/supabase-mails.ts'
import { aPassword, aStranger, siteUrl, supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

const stage = supabaseStage()

const emailRedirectTo = `${siteUrl}/arrived`

describe('signInWithOtp', () => {
  it('signs in somebody known by the mailed code', async () => {
    const { email, user } = await stage.person()
    const tab = stage.tab()
    expect(given(await tab.auth.signInWithOtp({ email }))).toEqual({ user: null, session: null })
    const { code } = await stage.mailed(email, 'magiclink')
    const { session } = given(await tab.auth.verifyOtp({ email, token: code, type: 'email' }))
    expect(session?.user.id).toBe(user.id)
    const { claims } = (await tab.auth.getClaims()).data!
    expect(claims.amr).toMatchObject([{ method: 'otp' }])
    expect(refusal(await tab.auth.verifyOtp({ email, token: code, type: 'email' }))?.[2]).toBe('otp_expired')
  })

  it('signs in by the token hash of the link', async () => {
    const { email, user } = await stage.person()
    const tab = stage.tab()
    given(await tab.auth.signInWithOtp({ email }))
    const { tokenHash } = await stage.mailed(email, 'magiclink')
    given(await tab.auth.verifyOtp({ token_hash: tokenHash, type: 'magiclink' }))
    expect((await tab.session()).user.id).toBe(user.id)
  })

  it('signs in by the link', async () => {
    const { email, user } = await stage.person()
    const tab = stage.tab()
    given(await tab.auth.signInWithOtp({ email, options: { emailRedirectTo } }))
    const { link } = await stage.mailed(email, 'magiclink')
    const { to, fragment } = await followed(link!)
    expect([to.origin + to.pathname, fragment.get('type')]).toEqual([emailRedirectTo, 'magiclink'])
    expect(given(await tab.auth.getUser(fragment.get('access_token')!)).user.id).toBe(user.id)
  })

  it('signs up somebody new, with what they say of themselves', async () => {
    const tab = stage.tab()
    const email = aStranger()
    given(await tab.auth.signInWithOtp({ email, options: { data: { first_name: 'Ada' } } }))
    const { code } = await stage.mailed(email, 'signup')
    const { user } = given(await tab.auth.verifyOtp({ email, token: code, type: 'email' }))
    expect(user).toMatchObject({ email, user_metadata: { first_name: 'Ada' } })
  })

  it('signs up nobody where the page does not want it', async () => {
    const email = aStranger()
    const options = { shouldCreateUser: false }
    expect(refusal(await stage.tab().auth.signInWithOtp({ email, options }))).toEqual([
      'AuthApiError',
      422,
      'otp_disabled',
    ])
  })
})

describe('resetPasswordForEmail', () => {
  it('brings somebody back who has forgotten the password, by the mailed code', async () => {
    const { email } = await stage.person()
    const tab = stage.tab()
    expect(given(await tab.auth.resetPasswordForEmail(email))).toEqual({})
    const { code } = await stage.mailed(email, 'recovery')
    given(await tab.auth.verifyOtp({ email, token: code, type: 'recovery' }))
    expect(tab.events).toContain('PASSWORD_RECOVERY')
    given(await tab.auth.updateUser({ password: 'another lovely horse' }))
    const again = stage.tab()
    expect(refusal(await again.auth.signInWithPassword({ email, password: aPassword }))?.[2]).toBe(
      'invalid_credentials',
    )
    given(await again.auth.signInWithPassword({ email, password: 'another lovely horse' }))
  })

  it('leads by its link to the page that asked', async () => {
    const { email, user } = await stage.person()
    const tab = stage.tab()
    given(await tab.auth.resetPasswordForEmail(email, { redirectTo: `${siteUrl}/new-password` }))
    const { link } = await stage.mailed(email, 'recovery')
    const { to, fragment } = await followed(link!)
    expect([to.pathname, fragment.get('type')]).toEqual(['/new-password', 'recovery'])
    expect(given(await tab.auth.getUser(fragment.get('access_token')!)).user.id).toBe(user.id)
  })

  it('of an unknown address answers as of a known one', async () => {
    expect(given(await stage.tab().auth.resetPasswordForEmail(aStranger()))).toEqual({})
  })

  it('of no address is refused', async () => {
    expect(refusal(await stage.tab().auth.resetPasswordForEmail('nobody'))?.slice(1)).toEqual([
      400,
      'validation_failed',
    ])
  })
})

describe('exchangeCodeForSession', () => {
  it('confirms an address: the link brings a code, which is worth nothing without its verifier', async () => {
    const tab = stage.tab({ flowType: 'pkce' })
    const email = aStranger()
    given(await tab.auth.signUp({ email, password: aPassword, options: { emailRedirectTo } }))
    const { link } = await stage.mailed(email, 'signup')
    expect(link!.searchParams.get('token')).toMatch(/^pkce_/)
    const { to, query, fragment } = await followed(link!)
    expect(to.origin + to.pathname).toBe(emailRedirectTo)
    expect([...fragment.keys()]).toEqual([])
    const { session } = given(await tab.auth.exchangeCodeForSession(query.get('code')!))
    expect(session.user).toMatchObject({ email })
    expect(tab.events).toContain('SIGNED_IN')
  })

  it('signs in by a link', async () => {
    const { email, user } = await stage.person()
    const tab = stage.tab({ flowType: 'pkce' })
    given(await tab.auth.signInWithOtp({ email, options: { emailRedirectTo } }))
    const { link } = await stage.mailed(email, 'magiclink')
    const { query } = await followed(link!)
    expect(given(await tab.auth.exchangeCodeForSession(query.get('code')!)).user.id).toBe(user.id)
  })

  it('tells of a forgotten password', async () => {
    const { email, user } = await stage.person()
    const tab = stage.tab({ flowType: 'pkce' })
    given(await tab.auth.resetPasswordForEmail(email, { redirectTo: emailRedirectTo }))
    const { link } = await stage.mailed(email, 'recovery')
    const { query } = await followed(link!)
    const answer = given(await tab.auth.exchangeCodeForSession(query.get('code')!))
    expect(answer.user.id).toBe(user.id)
    expect(tab.events).toContain('PASSWORD_RECOVERY')
    given(await tab.auth.updateUser({ password: 'another lovely horse' }))
  })

  it('of a code that somebody else has seen is refused, and of a code that was used', async () => {
    const { email } = await stage.person()
    const tab = stage.tab({ flowType: 'pkce' })
    given(await tab.auth.signInWithOtp({ email, options: { emailRedirectTo } }))
    const { link } = await stage.mailed(email, 'magiclink')
    const code = (await followed(link!)).query.get('code')!
    // A thief has a verifier too: of a flow of their own.
    const thief = stage.tab({ flowType: 'pkce' })
    given(await thief.auth.signInWithOtp({ email: aStranger() }))
    expect(refusal(await thief.auth.exchangeCodeForSession(code))).toEqual([
      'AuthApiError',
      400,
      'bad_code_verifier',
    ])
    const keeps = new Map(tab.storage)
    given(await tab.auth.exchangeCodeForSession(code))
    const again = stage.tab({ flowType: 'pkce', storage: keeps })
    expect(refusal(await again.auth.exchangeCodeForSession(code))).toEqual([
      'AuthApiError',
      404,
      'flow_state_not_found',
    ])
  })

  it('of two flows at once finds the verifier of each, by what the page is told', async () => {
    const tab = stage.tab({ flowType: 'pkce', flowIds: true })
    const people = [await stage.person(), await stage.person()]
    for (const { email } of people) {
      given(
        await tab.auth.signInWithOtp({
          email,
          options: { emailRedirectTo: `${emailRedirectTo}?next=%2Fcart` },
        }),
      )
    }
    for (const { email, user } of people) {
      const { link } = await stage.mailed(email, 'magiclink')
      const { to, query } = await followed(link!)
      expect([to.origin + to.pathname, query.get('next')]).toEqual([emailRedirectTo, '/cart'])
      const flowId = query.get('sb_flow_id')!
      const answer = await tab.auth.exchangeCodeForSession(query.get('code')!, { flowId })
      expect(given(answer).user.id).toBe(user.id)
    }
  })

  it('in another browser says what is missing, and asks nobody', async () => {
    const tab = stage.tab({ flowType: 'pkce' })
    expect(refusal(await tab.auth.exchangeCodeForSession('a code'))?.[0]).toBe(
      'AuthPKCECodeVerifierMissingError',
    )
    expect(tab.calls).toEqual([])
  })

  it('of a link that was used tells so in the query and in the fragment', async () => {
    const { email } = await stage.person()
    const tab = stage.tab({ flowType: 'pkce' })
    given(await tab.auth.signInWithOtp({ email, options: { emailRedirectTo } }))
    const { link } = await stage.mailed(email, 'magiclink')
    await followed(link!)
    const { status, query, fragment } = await followed(link!)
    expect([status, query.get('code')]).toEqual([303, null])
    for (const said of [query, fragment]) expect(said.get('error_code')).toBe('otp_expired')
  })
})

describe('the link of a mail', () => {
  it('survives a HEAD, as of a scanner', async () => {
    const { email } = await stage.person()
    given(await stage.tab().auth.signInWithOtp({ email }))
    const { link } = await stage.mailed(email, 'magiclink')
    await fetch(link!, { method: 'HEAD', redirect: 'manual' })
    expect((await followed(link!)).fragment.get('access_token')).not.toBeNull()
  })

  it('without its token or its type is refused in JSON', async () => {
    const { status, body } = await stage.call('GET', '/verify?type=signup')
    expect([status, body.error_code]).toEqual([400, 'validation_failed'])
  })
})
