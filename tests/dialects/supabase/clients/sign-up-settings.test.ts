import { describe, expect, it } from 'vitest'
import { aPassword, aStranger, supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

describe('where no address need be confirmed', () => {
  const stage = supabaseStage({ SUPABASE_AUTOCONFIRM: 'on', SUPABASE_ANONYMOUS: 'off' })

  it('signUp opens a session at once', async () => {
    const tab = stage.tab()
    const email = aStranger()
    const { user, session } = given(await tab.auth.signUp({ email, password: aPassword }))
    expect(session).toMatchObject({ token_type: 'bearer', user: { id: user!.id } })
    expect(typeof user!.email_confirmed_at).toBe('string')
    expect((await tab.session()).access_token).toBe(session!.access_token)
    expect(tab.events).toContain('SIGNED_IN')
    given(await tab.auth.getUser())
  })

  it('signUp says that an address is known', async () => {
    const { email } = await stage.person()
    expect(refusal(await stage.tab().auth.signUp({ email, password: aPassword }))).toEqual([
      'AuthApiError',
      422,
      'user_already_exists',
    ])
  })

  it('signInAnonymously is refused where it is off', async () => {
    expect(refusal(await stage.tab().auth.signInAnonymously())).toEqual([
      'AuthApiError',
      422,
      'anonymous_provider_disabled',
    ])
  })

  it('the settings tell so', async () => {
    const { body } = await stage.call('GET', '/settings')
    expect(body).toMatchObject({
      disable_signup: false,
      mailer_autoconfirm: true,
      external: { email: true, anonymous_users: false },
    })
  })
})

describe('where nobody may sign up', () => {
  const stage = supabaseStage({ SUPABASE_SIGNUP: 'off' })

  it('signUp, signInAnonymously and signInWithOtp of somebody new are refused', async () => {
    const { auth } = stage.tab()
    const email = aStranger()
    const disabled = ['AuthApiError', 422, 'signup_disabled']
    expect(refusal(await auth.signUp({ email, password: aPassword }))).toEqual(disabled)
    expect(refusal(await auth.signInAnonymously())).toEqual(disabled)
    expect(refusal(await auth.signInWithOtp({ email }))).toEqual(disabled)
  })

  it('those who are there sign in, and are made by the secret key', async () => {
    const { auth, email } = await stage.signedIn()
    expect(given(await auth.getUser()).user.email).toBe(email)
    expect((await stage.call('GET', '/settings')).body).toMatchObject({ disable_signup: true })
  })
})
