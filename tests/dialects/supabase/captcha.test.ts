import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createCaptcha } from '../../../src/runtime/captcha.ts'
import { createLogger } from '../../../src/runtime/log.ts'
import { type CaptchaProvider, startCaptchaProvider } from '../../support/captcha-provider.ts'
import { anAddress } from '../../support/people.ts'
import { supabaseCall } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

const secret = 'canary-captcha-secret'
const password = 'quite a lovely horse'

let provider: CaptchaProvider
let gateway: TestGateway
let site = 0

beforeAll(async () => {
  provider = await startCaptchaProvider(secret)
  const logger = createLogger('silent', new PassThrough())
  gateway = await createTestGateway({
    captcha: createCaptcha(logger, { secret, verifyUrl: provider.url }),
    policy: { supabase: { ...testPolicy.supabase, autoconfirm: false, anonymous: true } },
  })
})

afterAll(async () => {
  await gateway?.close()
  await provider?.close()
})

beforeEach(() => {
  gateway.comeFrom(`203.0.113.${++site}`)
})

describe.each([
  ['a sign-up', '/signup', () => ({ email: anAddress(), password })],
  ['an anonymous sign-in', '/signup', () => ({ data: {} })],
  ['a link to sign in by', '/otp', () => ({ email: anAddress() })],
  ['a link to a new password', '/recover', () => ({ email: anAddress() })],
  ['a message once more', '/resend', () => ({ type: 'signup', email: anAddress() })],
] as const)('%s, where there is a captcha,', (_, path, wish) => {
  const ask = (captcha_token?: unknown) =>
    supabaseCall(gateway, 'POST', path, { json: { ...wish(), gotrue_meta_security: { captcha_token } } })

  it('needs an answer that is good', async () => {
    for (const none of [undefined, '', null, 7]) {
      const refused = await ask(none)
      expect([refused.status, refused.body.code]).toEqual([400, 'captcha_failed'])
    }
    const wrong = await ask('nonsense')
    expect([wrong.status, wrong.body.code]).toEqual([400, 'captcha_failed'])
    expect((await ask(provider.solve())).status).toBe(200)
  })
})

it('a code that somebody was sent needs none', async () => {
  const answer = await supabaseCall(gateway, 'POST', '/verify', { json: { type: 'email', token_hash: 'x' } })
  expect([answer.status, answer.body.code]).toEqual([403, 'otp_expired'])
})
