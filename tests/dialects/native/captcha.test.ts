import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createCaptcha } from '../../../src/runtime/captcha.ts'
import { createLogger } from '../../../src/runtime/log.ts'
import { type CaptchaProvider, startCaptchaProvider } from '../../support/captcha-provider.ts'
import { anAddress, aPassword, aPerson, mailsOf } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

const secret = 'canary-captcha-secret'
const logger = createLogger('silent', new PassThrough())

let provider: CaptchaProvider
let gateway: TestGateway
let without: TestGateway
let site = 0

beforeAll(async () => {
  provider = await startCaptchaProvider(secret)
  gateway = await createTestGateway({ captcha: createCaptcha(logger, { secret, verifyUrl: provider.url }) })
  without = await createTestGateway({ database: gateway.database })
})
afterAll(async () => {
  await without.close()
  await gateway.close()
  await provider.close()
})
beforeEach(() => {
  gateway.comeFrom(`203.0.113.${++site}`)
  without.comeFrom(`203.0.113.${site}`)
})

const post = (path: string, json: object, at = gateway) => at.call('POST', `/api/v1/auth${path}`, { json })
const codeOf = ({ status, body }: { status: number; body: { error?: { code: string } } }) =>
  `${status} ${body.error?.code}`

/** What strangers may ask for, of an address that nobody has or of one that somebody has. */
const questions: Readonly<Record<string, (email: string, more?: object) => ReturnType<typeof post>>> = {
  'a registration': (email, more) => post('/register', { email, password: aPassword, ...more }),
  'a forgotten password': (email, more) => post('/password/forgot', { email, ...more }),
  'a link once more': (email, more) => post('/email/resend', { email, ...more }),
}

describe.each(Object.entries(questions))('%s, where there is a captcha,', (_what, ask) => {
  it('needs an answer, and asks nobody about one that is missing', async () => {
    const email = anAddress()
    const asked = provider.asked.length
    for (const more of [{}, { captcha_token: '' }]) {
      const refused = await ask(email, more)
      expect(codeOf(refused)).toBe('400 captcha_required')
      expect(refused.body.error.details[0].field).toBe('captcha_token')
    }
    expect(provider.asked).toHaveLength(asked)
    expect((await mailsOf(gateway)).filter(({ to }) => to === email)).toEqual([])
  })

  it('is done with an answer that is good, told with where it came from, and good once', async () => {
    const captcha_token = provider.solve()
    expect((await ask(anAddress(), { captcha_token })).status).toBe(202)
    expect(provider.asked.at(-1)).toEqual({ secret, response: captcha_token, remoteip: `203.0.113.${site}` })
    const again = await ask(anAddress(), { captcha_token })
    expect(codeOf(again)).toBe('403 captcha_failed')
    expect(gateway.requestLines.at(-1)).toMatchObject({
      reason: 'captcha_failed',
      cause: 'timeout-or-duplicate',
    })
    expect(again.text).not.toContain(captcha_token)
    expect(JSON.stringify(gateway.requestLines)).not.toContain(captcha_token)
  })

  it('is not done with an answer that is wrong, whoever has the address, nor with one of no good form', async () => {
    const known = await aPerson(without)
    const mails = (await mailsOf(gateway)).length
    for (const email of [known.email, anAddress()]) {
      expect(codeOf(await ask(email, { captcha_token: 'made-up' }))).toBe('403 captcha_failed')
    }
    const asked = provider.asked.length
    expect(codeOf(await ask(known.email, { captcha_token: 'x'.repeat(8193) }))).toBe('403 captcha_failed')
    expect(codeOf(await ask(known.email, { captcha_token: 1 }))).toBe('422 invalid_fields')
    expect(codeOf(await ask('no address', { captcha_token: 'made-up' }))).toBe('422 invalid_fields')
    expect(provider.asked).toHaveLength(asked)
    expect(await mailsOf(gateway)).toHaveLength(mails)
  })

  it('waits for a provider that is down, and is done when it is back', async () => {
    const email = anAddress()
    const captcha_token = provider.solve()
    provider.answerNext(new Response('gone', { status: 502 }))
    const refused = await ask(email, { captcha_token })
    expect([codeOf(refused), refused.headers.get('retry-after')]).toEqual(['503 captcha_unavailable', '10'])
    expect((await ask(email, { captcha_token })).status).toBe(202)
    expect(gateway.faults).toEqual([])
  })
})

describe('wrong answers to a captcha', () => {
  it('costs the provider no more questions than a site may ask', async () => {
    const asked = provider.asked.length
    const codes: string[] = []
    for (let round = 0; round < 11; round++) {
      const ten = Array.from({ length: 10 }, () =>
        post('/password/forgot', { email: anAddress(), captcha_token: 'made-up' }),
      )
      codes.push(...(await Promise.all(ten)).map(codeOf))
    }
    expect(codes.filter((code) => code === '403 captcha_failed')).toHaveLength(100)
    expect(codes.filter((code) => code === '429 rate_limited')).toHaveLength(10)
    expect(provider.asked).toHaveLength(asked + 100)
    // Without an answer nothing is counted, and nothing told of the limit.
    expect(codeOf(await post('/password/forgot', { email: anAddress() }))).toBe('400 captcha_required')
  })
})

describe('a registration where there is a captcha', () => {
  it('uses no answer up for a password or a user name that cannot be chosen', async () => {
    const captcha_token = provider.solve()
    const email = anAddress()
    const refused = [
      await post('/register', { email, password: 'short', captcha_token }),
      await post('/register', { email, password: aPassword, username: '!', captcha_token }),
    ]
    expect(refused.map(({ status }) => status)).toEqual([422, 422])
    expect((await post('/register', { email, password: aPassword, captcha_token })).status).toBe(202)
  })
})

describe('a sign-in where there is a captcha', () => {
  const login = (identifier: string, password: string, captcha_token?: string) =>
    post('/login', { identifier, password, ...(captcha_token !== undefined && { captcha_token }) })
  const comeFromElsewhere = (last: number) => gateway.comeFrom(`198.18.${site}.${last}`)

  it('asks for no answer before anything has failed', async () => {
    const { email, password } = await aPerson(without)
    const asked = provider.asked.length
    for (let time = 0; time < 5; time++) expect((await login(email, password)).status).toBe(200)
    expect((await login(email, password, 'whatever')).status).toBe(200)
    expect(provider.asked).toHaveLength(asked)
  })

  it.each(['somebody', 'nobody'])(
    'asks whoever has failed three times at the account of %s',
    async (whose) => {
      const { email, password } =
        whose === 'nobody' ? { email: anAddress(), password: aPassword } : await aPerson(without)
      const asked = provider.asked.length
      for (let time = 0; time < 3; time++) {
        expect(codeOf(await login(email, 'not the password of it'))).toBe('401 invalid_credentials')
      }
      // Not counted: however often it is refused, no delay comes of it.
      for (let time = 0; time < 5; time++) {
        expect(codeOf(await login(email, password))).toBe('400 captcha_required')
      }
      expect(provider.asked).toHaveLength(asked)
      const captcha_token = provider.solve()
      const end = whose === 'nobody' ? '401 invalid_credentials' : '200 undefined'
      expect(codeOf(await login(email, password, captcha_token))).toBe(end)
      expect(provider.asked.at(-1)).toMatchObject({ response: captcha_token })
      expect(codeOf(await login(email, password))).toBe(
        whose === 'nobody' ? '400 captcha_required' : '200 undefined',
      )
    },
  )

  it('asks as many of a crowd that comes at once', async () => {
    const { email } = await aPerson(without)
    const crowd = await Promise.all(Array.from({ length: 10 }, () => login(email, 'not the password of it')))
    const codes = crowd.map(codeOf)
    expect(codes.filter((code) => code === '401 invalid_credentials')).toHaveLength(3)
    expect(codes.filter((code) => code === '400 captcha_required')).toHaveLength(7)
  })

  it('counts a captcha that is not passed as a failure, and looks at no password', async () => {
    const { email, password } = await aPerson(without)
    for (let time = 0; time < 3; time++) await login(email, 'not the password of it')
    expect(codeOf(await login(email, password, 'made-up'))).toBe('403 captcha_failed')
    expect(codeOf(await login(email, password, 'made-up'))).toBe('403 captcha_failed')
    const asked = provider.asked.length
    expect(codeOf(await login(email, password, provider.solve()))).toBe('429 login_delayed')
    expect(provider.asked).toHaveLength(asked)
    gateway.pass(1)
    expect(codeOf(await login(email, password, provider.solve()))).toBe('200 undefined')
  })

  it('counts nothing while the provider cannot be asked', async () => {
    const { email, password } = await aPerson(without)
    for (let time = 0; time < 3; time++) await login(email, 'not the password of it')
    for (let time = 0; time < 10; time++) {
      provider.answerNext(new Response('gone', { status: 502 }))
      expect(codeOf(await login(email, password, 'an answer'))).toBe('503 captcha_unavailable')
    }
    expect(codeOf(await login(email, password, provider.solve()))).toBe('200 undefined')
  })

  it('asks strangers whose failures are at one account or at many, and not where its owner was before', async () => {
    const { email, password } = await aPerson(without)
    expect((await login(email, password)).status).toBe(200)
    for (let time = 0; time < 10; time++) {
      comeFromElsewhere(time)
      expect(codeOf(await login(email, 'not the password of it'))).toBe('401 invalid_credentials')
    }
    comeFromElsewhere(99)
    expect(codeOf(await login(email, password))).toBe('400 captcha_required')
    for (let time = 0; time < 10; time++) await login(anAddress(), 'not the password of it')
    expect(codeOf(await login(anAddress(), 'not the password of it'))).toBe('400 captcha_required')
    gateway.comeFrom(`203.0.113.${site}`)
    expect(codeOf(await login(email, password))).toBe('200 undefined')
  })

  it('forgets as the delays do', async () => {
    const { email, password } = await aPerson(without)
    for (let time = 0; time < 3; time++) await login(email, 'not the password of it')
    gateway.pass(86_399)
    expect(codeOf(await login(email, password))).toBe('400 captcha_required')
    gateway.pass(1)
    expect(codeOf(await login(email, password))).toBe('200 undefined')
  })
})

describe('a gateway without a captcha', () => {
  it('asks nobody for an answer, whatever has failed', async () => {
    const email = anAddress()
    for (let time = 0; time < 4; time++) {
      const json = { identifier: email, password: 'not the password of it' }
      expect(codeOf(await post('/login', json, without))).toBe('401 invalid_credentials')
    }
  })

  it('heeds no answer', async () => {
    const asked = provider.asked.length
    const json = { email: anAddress(), captcha_token: 'whatever' }
    expect((await post('/register', { ...json, password: aPassword }, without)).status).toBe(202)
    expect((await post('/password/forgot', json, without)).status).toBe(202)
    expect((await post('/email/resend', json, without)).status).toBe(202)
    expect(provider.asked).toHaveLength(asked)
  })
})
