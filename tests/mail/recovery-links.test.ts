import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMailDelivery } from '../../src/runtime/mail/mail-delivery.ts'
import { smtpSender } from '../../src/runtime/mail/smtp-sender.ts'
import { linkIn, type Mailbox, openMailbox } from '../support/mailbox.ts'
import { anAddress, aPerson, type PersonSeen, signedIn } from '../support/people.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const publicUrl = 'https://gateway.test/base'
const poison = {
  Host: 'evil.test',
  'X-Forwarded-Host': 'evil.test',
  'X-Forwarded-Proto': 'http',
  Forwarded: 'host=evil.test;proto=http',
  'X-Original-URL': 'https://evil.test/',
  Origin: 'https://evil.test',
  Referer: 'https://evil.test/reset',
}

let gateway: TestGateway
let mailbox: Mailbox
let ada: PersonSeen
let deliver: () => Promise<void>
const stopped = new AbortController()

beforeAll(async () => {
  gateway = await createTestGateway()
  mailbox = await openMailbox()
  const from = { name: 'Guichet', address: 'no-reply@gateway.test' }
  const send = await smtpSender({ url: mailbox.url, from }, { baseUrl: publicUrl, own: new Map() })
  const { world } = gateway
  const delivery = createMailDelivery({
    world,
    send,
    logger: pino({ level: 'silent' }),
    signal: stopped.signal,
  })
  deliver = async () => {
    await delivery.look()
    await delivery.settled()
  }
  ada = await aPerson(gateway)
  await deliver()
})

afterAll(async () => {
  stopped.abort()
  await mailbox.close()
  await gateway.close()
})

const post = (path: string, json: object, token?: string) =>
  gateway.call('POST', `/api/v1${path}`, { json, token, headers: poison })
/** The link of the newest mail to an address, and what its page posts. */
const followed = (to: string) => {
  const mail = mailbox.mails.findLast((one) => one.recipients.includes(to))
  if (mail === undefined) throw new Error(`No mail to ${to}.`)
  const link = linkIn(mail)
  return { mail, link, token: new URLSearchParams(link.hash.slice(1)).get('token') ?? '' }
}

describe('the links of one’s own account', () => {
  it('lead to the public URL alone, whatever a call says of its host, and work as they were received', async () => {
    await post('/auth/password/forgot', { email: ada.email })
    await deliver()
    const reset = followed(ada.email)
    expect(`${reset.link.origin}${reset.link.pathname}${reset.link.search}`).toBe(
      `${publicUrl}/account/reset`,
    )
    expect(
      (await post('/auth/password/reset', { token: reset.token, password: 'quite another password' })).status,
    ).toBe(200)

    const wanted = anAddress()
    const { access } = await signedIn(gateway, { email: ada.email, password: 'quite another password' })
    await post('/me/email', { email: wanted, password: 'quite another password' }, access)
    await deliver()
    const change = followed(wanted)
    expect(change.link.href.split('#')[0]).toBe(`${publicUrl}/account/email`)
    expect((await post('/auth/email/change/confirm', { token: change.token })).status).toBe(200)

    await deliver()
    const undo = followed(ada.email)
    expect(undo.link.href.split('#')[0]).toBe(`${publicUrl}/account/undo-email`)
    expect(undo.mail.text).toContain(wanted)
    expect((await post('/auth/email/change/undo', { token: undo.token })).status).toBe(200)

    await deliver()
    const again = followed(ada.email)
    expect(again.link.href.split('#')[0]).toBe(`${publicUrl}/account/reset`)
    const last = { token: again.token, password: 'what the owner alone knows' }
    expect((await post('/auth/password/reset', last)).status).toBe(200)
    await signedIn(gateway, { email: ada.email, password: last.password })
    expect(mailbox.mails.map(({ raw }) => raw).join('')).not.toContain('evil.test')
  })

  it('are mailed to the owner and to nobody else, and a decoy to nobody at all', async () => {
    await deliver()
    const before = mailbox.mails.length
    await post('/auth/password/forgot', { email: anAddress() })
    await deliver()
    expect(mailbox.mails).toHaveLength(before)
  })
})
