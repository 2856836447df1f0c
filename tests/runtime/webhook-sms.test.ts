import { createHmac } from 'node:crypto'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMailDelivery } from '../../src/runtime/mail/mail-delivery.ts'
import { webhookSms } from '../../src/runtime/mail/webhook-sms.ts'
import { type Front, startFront } from '../support/front.ts'
import { lastMessage, supabaseGateway } from '../support/one-time-mails.ts'
import { supabaseCall } from '../support/supabase.ts'
import type { TestGateway } from '../support/test-gateway.ts'

const signingKey = Buffer.alloc(32, 9)
const secret = `whsec_${signingKey.toString('base64')}`
const baseUrl = 'https://gateway.test'

interface Received {
  readonly headers: Headers
  readonly text: string
}

let gateway: TestGateway
let front: Front
let status = 204
const received: Received[] = []
const lines: string[] = []

beforeAll(async () => {
  gateway = await supabaseGateway({ sms: true })
  front = await startFront(async (request) => {
    received.push({ headers: request.headers, text: await request.text() })
    return new Response(null, { status, headers: status === 302 ? { Location: '/elsewhere' } : {} })
  })
})

afterAll(async () => {
  await front?.close()
  await gateway?.close()
})

let sites = 0
const asks = (phone: string, headers: Readonly<Record<string, string>> = {}) => {
  gateway.comeFrom(`198.51.100.${++sites}`)
  return supabaseCall(gateway, 'POST', '/otp', { json: { phone }, headers })
}

/** One round of delivery, by a process that can send nothing but this. */
async function deliver(url = `${front.url}/sms`) {
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const signal = new AbortController().signal
  const sendSms = webhookSms({ url, secret }, baseUrl)
  const delivery = createMailDelivery({ world: gateway.world, send: undefined, sendSms, logger, signal })
  await delivery.look()
  await delivery.settled()
}

const rowOf = async (kind: string) =>
  (
    await gateway.database.query(
      `select * from mail_outbox where kind = '${kind}' order by created_at desc, ctid desc limit 1`,
    )
  )[0]!

describe('a code for a telephone', () => {
  it('leaves by the webhook, signed, in the language of its reader', async () => {
    await asks('+33612345601', { 'Accept-Language': 'fr' })
    const { code } = await lastMessage(gateway, 'sms-code', '33612345601')
    await deliver()
    const { headers, text } = received.at(-1)!
    const body = JSON.parse(text)
    expect(body).toMatchObject({
      type: 'sms.send',
      data: {
        to: '+33612345601',
        code,
        channel: 'sms',
        locale: 'fr',
        text: `${code} est votre code pour gateway.test. Ne le dites à personne.`,
      },
      user: { phone: '33612345601' },
      sms: { otp: code },
    })
    const id = headers.get('webhook-id')
    const timestamp = headers.get('webhook-timestamp')
    const signature = createHmac('sha256', signingKey).update(`${id}.${timestamp}.${text}`).digest('base64')
    expect(headers.get('webhook-signature')).toBe(`v1,${signature}`)
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60)
    expect(await rowOf('sms-code')).toMatchObject({ sealed_message: '', last_error: null })
  })

  it('is tried again when the webhook fails, under the same id, and is not said in the log', async () => {
    await asks('+33612345602')
    const { code } = await lastMessage(gateway, 'sms-code', '33612345602')
    status = 500
    await deliver()
    const first = received.at(-1)!
    expect(await rowOf('sms-code')).toMatchObject({ sent_at: null, failed_at: null, last_error: '500' })
    status = 204
    gateway.pass(10)
    await deliver()
    const second = received.at(-1)!
    expect(second.text).toBe(first.text)
    expect(second.headers.get('webhook-id')).toBe(first.headers.get('webhook-id'))
    expect((await rowOf('sms-code'))['sent_at']).not.toBeNull()
    for (const line of lines) expect(line).not.toMatch(new RegExp(`${code}|612345602`))
  })

  it('is given up when it is refused for good, or has run out', async () => {
    await asks('+33612345603')
    status = 422
    await deliver()
    expect(await rowOf('sms-code')).toMatchObject({ last_error: '422', sealed_message: '' })
    status = 204
    await asks('+33612345604')
    const before = received.length
    gateway.pass(600)
    await deliver()
    expect(received).toHaveLength(before)
    expect(await rowOf('sms-code')).toMatchObject({ last_error: 'expired' })
  })

  it('waits while nobody answers, and follows no redirect', async () => {
    await asks('+33612345605')
    await deliver('http://127.0.0.1:1/sms')
    expect(await rowOf('sms-code')).toMatchObject({ sent_at: null, last_error: 'EWEBHOOK' })
    gateway.pass(10)
    status = 302
    const before = received.length
    await deliver()
    status = 204
    expect(received).toHaveLength(before + 1)
    expect(await rowOf('sms-code')).toMatchObject({ sent_at: null, last_error: '302' })
  })

  it('leaves mails to who can send them', async () => {
    gateway.comeFrom('198.51.100.200')
    await supabaseCall(gateway, 'POST', '/otp', { json: { email: 'waits@people.test' } })
    await deliver()
    expect(await rowOf('sign-up')).toMatchObject({ attempts: 0, sent_at: null })
  })
})
