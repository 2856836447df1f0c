import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { type CaptchaProvider, startCaptchaProvider } from '../support/captcha-provider.ts'
import { type LiveGateway, platforms } from '../support/platforms.ts'

const secret = 'a secret key of the provider'

describe.each(Object.entries(platforms))('the captcha of a gateway on %s', (_name, start) => {
  let provider: CaptchaProvider
  let gateway: LiveGateway

  beforeAll(async () => {
    provider = await startCaptchaProvider(secret)
    gateway = await start({
      CAPTCHA_SECRET: secret,
      CAPTCHA_VERIFY_URL: provider.url,
      PUBLIC_URL: 'https://accounts.test',
      REGISTRATION: 'open',
    })
  })
  afterAll(async () => {
    await gateway?.stop()
    await provider?.close()
  })

  const register = async (more: object = {}) => {
    const email = `${crypto.randomUUID()}@people.test`
    const json = { email, password: 'the analytical engine', ...more }
    const { status, body } = await call('POST', `${gateway.url}/api/v1/auth/register`, { json })
    return `${status} ${body.error?.code}`
  }

  it('lets whoever has solved it register once, and nobody while the provider cannot be asked', async () => {
    const captcha_token = provider.solve()
    expect(await register()).toBe('400 captcha_required')
    expect(await register({ captcha_token: 'made-up' })).toBe('403 captcha_failed')
    provider.answerNext(Response.redirect(`${provider.url}?moved`, 307))
    expect(await register({ captcha_token })).toBe('503 captcha_unavailable')
    expect(await register({ captcha_token })).toBe('202 undefined')
    expect(provider.asked.at(-1)).toMatchObject({ secret, response: captcha_token })
    expect(await register({ captcha_token })).toBe('403 captcha_failed')
  })

  it('asks nothing of administrators', async () => {
    const exchanged = await call('POST', `${gateway.url}/api/v1/auth/token/`, {
      json: { apiKey: gateway.adminKey },
    })
    const json = { email: 'bob@people.test', password: 'the difference engine', role: 'user' }
    const { access: token } = exchanged.body.data
    expect((await call('POST', `${gateway.url}/api/v1/users`, { token, json })).status).toBe(201)
  })
})
