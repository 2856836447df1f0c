import { randomBytes, randomInt } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { startRecordingUpstream } from '../../../support/recording-upstream.ts'
import { aPassword, supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

// Who sends text messages for the operator.
const carrier = await startRecordingUpstream((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')
})
afterAll(() => carrier.close())

const stage = supabaseStage({
  SMS_WEBHOOK_URL: carrier.url,
  SMS_WEBHOOK_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
})

const aPhone = () => `+3361${randomInt(1_000_000, 10_000_000)}`

/** The code that was last sent to a telephone, of those that came after the first `known`. */
async function texted(phone: string, known = 0): Promise<string> {
  const digits = phone.slice(1)
  const to = () => carrier.seen.filter(({ body }) => body.includes(digits))
  await expect.poll(() => to().length).toBeGreaterThan(known)
  const [code] =
    to()
      .at(-1)!
      .body.match(/(?<!\d)\d{6}(?!\d)/) ?? []
  return code!
}

describe('a telephone', () => {
  it('is signed up with a password, and confirmed by the texted code', async () => {
    const tab = stage.tab()
    const phone = aPhone()
    const { user, session } = given(await tab.auth.signUp({ phone, password: aPassword }))
    expect([session, user!.phone, user!.email]).toEqual([null, phone.slice(1), ''])
    expect(refusal(await tab.auth.signInWithPassword({ phone, password: aPassword }))).toEqual([
      'AuthApiError',
      400,
      'phone_not_confirmed',
    ])
    const token = await texted(phone)
    given(await tab.auth.verifyOtp({ phone, token, type: 'sms' }))
    expect((await tab.session()).user).toMatchObject({ id: user!.id, phone: phone.slice(1) })
    given(await stage.tab().auth.signInWithPassword({ phone, password: aPassword }))
    expect(refusal(await tab.auth.verifyOtp({ phone, token, type: 'sms' }))?.[2]).toBe('otp_expired')
  })

  it('signs in by a texted code', async () => {
    const phone = aPhone()
    const { user } = given(await stage.admin().createUser({ phone, phone_confirm: true }))
    const tab = stage.tab()
    given(await tab.auth.signInWithOtp({ phone }))
    given(await tab.auth.verifyOtp({ phone, token: await texted(phone), type: 'sms' }))
    expect((await tab.auth.getClaims()).data!.claims).toMatchObject({
      sub: user.id,
      phone: phone.slice(1),
      amr: [{ method: 'otp' }],
    })
  })

  it('is changed by the code that is texted to the new one', async () => {
    const tab = await stage.signedIn()
    const phone = aPhone()
    const { user } = given(await tab.auth.updateUser({ phone }))
    expect(user).toMatchObject({ phone: '', new_phone: phone.slice(1) })
    given(await tab.auth.verifyOtp({ phone, token: await texted(phone), type: 'phone_change' }))
    expect(given(await tab.auth.getUser()).user.phone).toBe(phone.slice(1))
  })

  it('that is none is refused, and so is that of somebody else', async () => {
    const tab = await stage.signedIn()
    const none = await stage.tab().auth.signUp({ phone: 'call me', password: aPassword })
    expect(refusal(none)?.slice(1)).toEqual([400, 'validation_failed'])
    const phone = aPhone()
    given(await stage.admin().createUser({ phone, phone_confirm: true }))
    expect(refusal(await tab.auth.updateUser({ phone }))?.slice(1)).toEqual([422, 'phone_exists'])
  })

  it('is texted once a minute', async () => {
    const { auth } = stage.tab()
    const phone = aPhone()
    given(await auth.signUp({ phone, password: aPassword }))
    expect(refusal(await auth.resend({ type: 'sms', phone }))?.slice(1)).toEqual([
      429,
      'over_sms_send_rate_limit',
    ])
  })
})
