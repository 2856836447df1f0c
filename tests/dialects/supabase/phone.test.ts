import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastMessage, messagesTo, supabaseGateway } from '../../support/one-time-mails.ts'
import { claimsIn, supabaseCall } from '../../support/supabase.ts'
import type { TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let confirming: TestGateway

beforeAll(async () => {
  gateway = await supabaseGateway({ sms: true })
  confirming = await supabaseGateway({ sms: true, autoconfirm: true })
})

afterAll(async () => {
  await gateway?.close()
  await confirming?.close()
})

let sites = 0
const post = (path: string, json: object, at = gateway) => {
  at.comeFrom(`198.51.100.${++sites % 250}`)
  return supabaseCall(at, 'POST', path, { json })
}
let numbers = 0
const aNumber = () => `3361234${String(1000 + ++numbers)}`
const password = 'quite a lovely horse'

describe('a sign-up by telephone', () => {
  it('sends a code, which confirms the number and signs in', async () => {
    const phone = aNumber()
    const answer = await post('/signup', { phone: `+${phone}`, password, data: { name: 'Ada' } })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      phone,
      email: '',
      app_metadata: { provider: 'phone', providers: ['phone'] },
      identities: [{ provider: 'phone' }],
    })
    const early = await post('/token?grant_type=password', { phone, password })
    expect([early.status, early.body.code]).toEqual([400, 'phone_not_confirmed'])
    const { code } = await lastMessage(gateway, 'sms-code', phone)
    const signed = await post('/verify', { type: 'sms', phone: `+${phone}`, token: code })
    expect(signed.status).toBe(200)
    expect(signed.body.user.phone_confirmed_at).toBeDefined()
    expect(claimsIn(signed.body.access_token)).toMatchObject({ phone, amr: [{ method: 'otp' }] })
    expect((await post('/token?grant_type=password', { phone, password })).status).toBe(200)
    expect((await post('/verify', { type: 'sms', phone, token: code })).status).toBe(403)
  })

  it('invents a user for a number that has an account, and sends nothing', async () => {
    const phone = aNumber()
    await post('/signup', { phone, password })
    const { code } = await lastMessage(gateway, 'sms-code', phone)
    await post('/verify', { type: 'sms', phone, token: code })
    gateway.pass(60)
    const before = await messagesTo(gateway, phone)
    const answer = await post('/signup', { phone, password: 'another lovely horse' })
    expect([answer.status, answer.body.identities, answer.body.role]).toEqual([200, [], ''])
    expect(await messagesTo(gateway, phone)).toBe(before)
  })

  it('answers a session where the operator confirms by itself, and tells of a taken number', async () => {
    const phone = aNumber()
    const answer = await post('/signup', { phone, password }, confirming)
    expect(answer.body.user).toMatchObject({ phone, user_metadata: {} })
    expect(answer.body.user.phone_confirmed_at).toBeDefined()
    const again = await post('/signup', { phone, password }, confirming)
    expect([again.status, again.body.code]).toEqual([422, 'user_already_exists'])
  })

  it.each(['0612345678', '+1', 'nonsense', '+336123456789012345'])('refuses the number %s', async (phone) => {
    const answer = await post('/signup', { phone, password })
    expect([answer.status, answer.body.code, answer.body.message]).toEqual([
      400,
      'validation_failed',
      'Invalid phone number format (E.164 required)',
    ])
  })
})

describe('a code on a telephone', () => {
  it('signs in, and makes the account first where there is none', async () => {
    const phone = aNumber()
    const answer = await post('/otp', { phone, channel: 'whatsapp' })
    expect([answer.status, answer.text]).toEqual([200, '{}'])
    const { code } = await lastMessage(gateway, 'sms-code', phone)
    const first = await post('/verify', { type: 'sms', phone, token: code })
    gateway.pass(60)
    await post('/otp', { phone })
    const again = await lastMessage(gateway, 'sms-code', phone)
    const second = await post('/verify', { type: 'sms', phone, token: again.code })
    expect(second.body.user.id).toBe(first.body.user.id)
  })

  it('is sent a minute apart, to whoever asks', async () => {
    const phone = aNumber()
    await post('/otp', { phone })
    const again = await post('/otp', { phone: `+${phone}` })
    expect([again.status, again.body.code]).toEqual([429, 'over_sms_send_rate_limit'])
    expect(again.headers.get('retry-after')).toBe('60')
  })

  it('is void when the next one is sent, which brings tries of its own', async () => {
    const phone = aNumber()
    await post('/otp', { phone })
    const before = await lastMessage(gateway, 'sms-code', phone)
    gateway.pass(60)
    expect((await post('/resend', { type: 'sms', phone })).status).toBe(200)
    const after = await lastMessage(gateway, 'sms-code', phone)
    if (before.code !== after.code) {
      expect((await post('/verify', { type: 'sms', phone, token: before.code })).status).toBe(403)
    }
    expect((await post('/verify', { type: 'sms', phone, token: after.code })).status).toBe(200)
  })

  it('is over after ten minutes, whatever links may last', async () => {
    const phone = aNumber()
    await post('/otp', { phone })
    const { code } = await lastMessage(gateway, 'sms-code', phone)
    gateway.pass(600)
    expect((await post('/verify', { type: 'sms', phone, token: code })).status).toBe(403)
  })

  it('has five tries', async () => {
    const phone = aNumber()
    await post('/otp', { phone })
    const { code } = await lastMessage(gateway, 'sms-code', phone)
    const wrong = code === '000000' ? '000001' : '000000'
    for (let tries = 0; tries < 5; tries++) await post('/verify', { type: 'sms', phone, token: wrong })
    expect((await post('/verify', { type: 'sms', phone, token: code })).status).toBe(403)
  })

  it('goes by a channel that there is', async () => {
    const answer = await post('/otp', { phone: aNumber(), channel: 'pigeon' })
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
  })

  it('is asked of whoever is signed in by telephone', async () => {
    const phone = aNumber()
    const { body } = await post('/signup', { phone, password }, confirming)
    const answer = await supabaseCall(confirming, 'GET', '/reauthenticate', { token: body.access_token })
    expect([answer.status, answer.text]).toEqual([200, '{}'])
    expect((await lastMessage(confirming, 'sms-code', phone)).code).toMatch(/^\d{6}$/)
  })
})

describe('somebody who is known by nothing', () => {
  it('has nowhere to send a code to', async () => {
    const open = await supabaseGateway({ anonymous: true })
    const { body } = await post('/signup', {}, open)
    const answer = await supabaseCall(open, 'GET', '/reauthenticate', { token: body.access_token })
    await open.close()
    expect([answer.status, answer.body.code, answer.body.message]).toEqual([
      400,
      'validation_failed',
      'Reauthentication requires the user to have an email or a phone number',
    ])
  })
})
