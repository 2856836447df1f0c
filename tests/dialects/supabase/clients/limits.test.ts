import type { AuthError } from '@supabase/auth-js'
import { describe, expect, it } from 'vitest'
import { aPassword, aStranger, supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

const stage = supabaseStage()

/** Asks again and again until it is too much, at most `times`; the refusal that said so. */
async function untilTooMuch(
  times: number,
  ask: () => Promise<{ readonly error: AuthError | null }>,
): Promise<ReturnType<typeof refusal>> {
  for (let time = 0; time < times; time++) {
    const refused = refusal(await ask())
    if (refused?.[1] === 429) return refused
  }
  return undefined
}

const tooMuch = ['AuthApiError', 429, 'over_request_rate_limit']

describe('a place that asks too much', () => {
  it('is told so when it guesses a password, and its owner signs in elsewhere', async () => {
    const person = await stage.person()
    const { auth } = stage.tab()
    const guess = () => auth.signInWithPassword({ email: person.email, password: 'not the one' })
    expect(await untilTooMuch(60, guess)).toEqual(tooMuch)
    given(await stage.tab().auth.signInWithPassword(person))
  })

  it('is told so when it signs up many, and other places go on', async () => {
    const { auth } = stage.tab()
    const many = () => auth.signUp({ email: aStranger(), password: aPassword })
    expect(await untilTooMuch(60, many)).toEqual(tooMuch)
    given(await stage.tab().auth.signUp({ email: aStranger(), password: aPassword }))
  })

  it('is told so when it asks for mails to many', async () => {
    const { auth } = stage.tab()
    expect(await untilTooMuch(60, () => auth.resetPasswordForEmail(aStranger()))).toEqual(tooMuch)
  })

  it('is told so when it guesses codes', async () => {
    const { auth } = stage.tab()
    const guess = () => auth.verifyOtp({ email: aStranger(), token: '000000', type: 'email' })
    expect(await untilTooMuch(60, guess)).toEqual(tooMuch)
  })
})
