import { once } from 'node:events'
import { createServer } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createCaptcha } from '../../src/runtime/captcha.ts'
import { createLogger } from '../../src/runtime/log.ts'
import { type CaptchaProvider, startCaptchaProvider } from '../support/captcha-provider.ts'
import { startFront } from '../support/front.ts'
import { listenSomewhere } from '../support/listen-somewhere.ts'

const secret = 'canary-captcha-secret'
const unavailable = { kind: 'unavailable' }

let provider: CaptchaProvider
let logged = ''
const stream = new PassThrough().on('data', (chunk) => {
  logged += chunk
})
const logger = createLogger('info', stream)

beforeAll(async () => {
  provider = await startCaptchaProvider(secret)
})
afterAll(() => provider.close())
beforeEach(() => {
  logged = ''
})

function captcha(settings: { secret?: string; verifyUrl?: string } = {}, how: { deadlineMs?: number } = {}) {
  const made = createCaptcha(logger, { secret, verifyUrl: provider.url, ...settings }, how)
  if (made === undefined) throw new Error('No captcha.')
  return made
}

const json = (body: unknown, status = 200) => Response.json(body, { status })

describe('a captcha', () => {
  it('is none where the operator has not set any', () => {
    expect(createCaptcha(logger, undefined)).toBeUndefined()
  })

  it('passes an answer that the provider lets pass, once, and tells it from where it came', async () => {
    const answer = provider.solve()
    expect(await captcha().judge(answer, '203.0.113.7')).toEqual({ kind: 'passed' })
    expect(provider.asked.at(-1)).toEqual({ secret, response: answer, remoteip: '203.0.113.7' })
    expect(await captcha().judge(answer, undefined)).toEqual({
      kind: 'failed',
      cause: 'timeout-or-duplicate',
    })
    expect(provider.asked.at(-1)).toEqual({ secret, response: answer })
    expect(logged).toBe('')
  })

  it('sends an answer as it came, whatever it holds', async () => {
    const odd = 'a&secret=b&success=true\r\n\u{1f512} +%'
    expect(await captcha().judge(odd, undefined)).toEqual({ kind: 'failed', cause: 'invalid-input-response' })
    expect(provider.asked.at(-1)).toEqual({ secret, response: odd })
  })

  it.each([
    ['with no code', { success: false }, 'without a code'],
    ['with codes as null', { success: false, 'error-codes': null }, 'without a code'],
    ['with several codes', { success: false, 'error-codes': ['a-b', 'c'] }, 'a-b c'],
    ['with texts for codes', { success: false, 'error-codes': ['Canary text!', 'a-b'] }, 'a-b'],
  ])('is failed where the provider says so %s', async (_how, said, cause) => {
    provider.answerNext(json(said))
    expect(await captcha().judge('x', undefined)).toEqual({ kind: 'failed', cause })
  })

  it('is failed where the provider says so with a status of its own', async () => {
    provider.answerNext(json({ success: false, 'error-codes': ['invalid-input-response'] }, 400))
    expect(await captcha().judge('x', undefined)).toEqual({ kind: 'failed', cause: 'invalid-input-response' })
  })

  it.each([
    ['a text for true', () => json({ success: 'true' })],
    ['a number for true', () => json({ success: 1 })],
    ['nothing of success', () => json({})],
    ['a list', () => json([{ success: true }])],
    ['no JSON', () => new Response('<p>Bad gateway')],
    ['nothing', () => new Response(null, { status: 204 })],
    ['success with the status of a fault', () => json({ success: true }, 500)],
    ['a fault without a code', () => json({ success: false }, 503)],
    ['a fault of its own', () => json({ success: false, 'error-codes': ['internal-error'] })],
    ['another place', () => Response.redirect(`${provider.url}?moved`, 307)],
  ])('lets nobody pass where the provider answers %s', async (_what, said) => {
    const asked = provider.asked.length
    provider.answerNext(said())
    expect(await captcha().judge(provider.solve(), undefined)).toEqual(unavailable)
    expect(provider.asked).toHaveLength(asked)
    expect(logged).toContain('captcha provider')
  })

  it('tells the operator of a secret that the provider does not know, and not the secret', async () => {
    const wrong = captcha({ secret: 'another-canary-secret' })
    expect(await wrong.judge(provider.solve(), undefined)).toEqual(unavailable)
    expect(logged).toContain('invalid-input-secret')
    expect(logged).not.toMatch(/canary|solved\./)
  })

  it('lets nobody pass where the provider is not there', async () => {
    const { port, close } = await listenSomewhere(createServer())
    await close()
    const gone = captcha({ verifyUrl: `http://127.0.0.1:${port}/canary` })
    expect(await gone.judge('canary-answer', undefined)).toEqual(unavailable)
    expect(logged).toContain('gave no answer')
    expect(logged).not.toContain('canary')
  })

  it('lets nobody pass where the provider takes a connection and says nothing', async () => {
    const silent = createServer()
    const { port, close } = await listenSomewhere(silent)
    const heard = once(silent, 'connection')
    const judged = captcha({ verifyUrl: `http://127.0.0.1:${port}` }, { deadlineMs: 50 }).judge(
      'x',
      undefined,
    )
    await heard
    expect(await judged).toEqual(unavailable)
    await close()
  })

  it('lets nobody pass where the provider begins an answer and does not end it', async () => {
    const body = new ReadableStream({
      start: (answer) => answer.enqueue(new TextEncoder().encode('{"success":true')),
    })
    const slow = await startFront(
      () => new Response(body, { headers: { 'Content-Type': 'application/json' } }),
    )
    expect(await captcha({ verifyUrl: slow.url }, { deadlineMs: 200 }).judge('x', undefined)).toEqual(
      unavailable,
    )
    await slow.close()
  })
})
