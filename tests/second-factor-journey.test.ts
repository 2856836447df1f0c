import { TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Call, call } from './support/call.ts'
import { claimsOf } from './support/oauth.ts'
import { type LiveGateway, platforms } from './support/platforms.ts'

const person = { email: 'ada@example.com', password: 'a long enough password' }

describe.each(Object.entries(platforms))('a second factor on %s', (_name, start) => {
  let gateway: LiveGateway
  const at = (path: string, options?: Call) => call('POST', `${gateway.url}/api/v1${path}`, options)

  beforeAll(async () => {
    gateway = await start({ REGISTRATION: 'open', EMAIL_CONFIRMATION: 'off' })
  })
  afterAll(() => gateway?.stop())

  it('is set up with an app and shown at the next sign-in, in which each code counts once', async () => {
    expect((await at('/auth/register', { json: person })).status).toBe(202)
    const login = { json: { identifier: person.email, password: person.password } }
    const token = (await at('/auth/login', login)).body.data.access

    const begun = await at('/me/factors/totp', { token, json: { password: person.password } })
    expect(begun.status).toBe(201)
    expect(begun.body.data.qr_svg).toMatch(/^<svg /)
    const { id, secret } = begun.body.data
    const app = new TOTP({ secret })
    // The step before counts as well, which leaves those of now and after for what comes.
    const first = app.generate({ timestamp: Date.now() - 30_000 })
    const activated = await at(`/me/factors/${id}/activate`, { token, json: { code: first } })
    expect([activated.status, activated.body.data?.recovery_codes?.length]).toEqual([200, 10])

    const { challenge } = (await at('/auth/login', login)).body.data.second_factor
    const answer = { json: { challenge, method: 'totp', code: app.generate() } }
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => at('/auth/login/second-factor', answer)),
    )
    const [good, ...others] = answers.toSorted((one, other) => one.status - other.status)
    expect([good?.status, ...others.map(({ status }) => status)]).toEqual([200, 401, 401, 401])
    expect(claimsOf(good?.body.data.access)).toMatchObject({ aal: 2, amr: ['pwd', 'otp', 'mfa'] })

    const again = (await at('/auth/login', login)).body.data.second_factor.challenge
    const [code] = activated.body.data.recovery_codes
    const recovery = { json: { challenge: again, method: 'recovery_code', code } }
    expect((await at('/auth/login/second-factor', recovery)).status).toBe(200)
  })
})
