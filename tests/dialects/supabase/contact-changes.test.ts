import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LinkPurpose, linkMail, mintLink } from '../../../src/core/accounts/one-time-link.ts'
import { mintPhoneCode } from '../../../src/core/accounts/phone-code.ts'
import type { User } from '../../../src/core/accounts/user.ts'
import { lastMessage, messagesTo, redirectOf, supabaseGateway } from '../../support/one-time-mails.ts'
import { anAddress } from '../../support/people.ts'
import { aSupabaseUser, supabaseCall, supabaseSession } from '../../support/supabase.ts'
import type { TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await supabaseGateway({ sms: true })
})

afterAll(async () => {
  await gateway?.close()
})

let sites = 0
const from = () => gateway.comeFrom(`198.51.100.${++sites % 250}`)
const post = (path: string, json: object) => {
  from()
  return supabaseCall(gateway, 'POST', path, { json })
}
const follow = (path: string) => {
  from()
  return gateway.call('GET', path)
}
const flow = { redirectTo: 'https://site.test', challenge: undefined }
const toNew = 'supabase-email-change'
const toOld = 'supabase-email-change-current'

/** As a wish for another address leaves it. */
async function asked(user: User, purpose: LinkPurpose, email: string | undefined, newEmail?: string) {
  const { world } = gateway
  const { policy } = gateway.service
  const now = world.now()
  const link = mintLink({ world, policy }, { userId: user.id, purpose, email, flow }, now)
  const mail = linkMail(world, { link, user, newEmail }, now)
  await world.store.insertOneTimeToken(link.token, { mails: [mail] })
  return lastMessage(gateway, purpose as 'supabase-email-change', email ?? '')
}

async function asksBoth() {
  const person = await aSupabaseUser(gateway)
  const newEmail = anAddress()
  const half = await asked(person.user, toOld, person.email, newEmail)
  return { ...person, newEmail, half, link: await asked(person.user, toNew, newEmail) }
}

const emailOf = async (id: string) => (await gateway.world.store.findUser(id))?.user.email

describe('a change of address that both mailboxes agree to', () => {
  it.each([
    ['the new one first', ['link', 'half']],
    ['the old one first', ['half', 'link']],
  ] as const)('is made by the second answer: %s', async (_, [first, second]) => {
    const person = await asksBoth()
    const before = await supabaseSession(gateway, person)
    const once = await post('/verify', { type: 'email_change', token_hash: person[first].hash })
    expect([once.status, once.body]).toEqual([
      200,
      {
        msg: 'Confirmation link accepted. Please proceed to confirm link sent to the other email',
        code: '200',
      },
    ])
    expect(await emailOf(person.id)).toBe(person.email)
    const again = await post('/verify', { type: 'email_change', token_hash: person[first].hash })
    expect([again.status, again.body.code]).toEqual([403, 'otp_expired'])
    const whole = await post('/verify', { type: 'email_change', token_hash: person[second].hash })
    expect(whole.status).toBe(200)
    expect(whole.body.user).toMatchObject({ id: person.id, email: person.newEmail })
    expect(whole.body.user.new_email).toBeUndefined()
    expect((await supabaseCall(gateway, 'GET', '/user', { token: before.access_token })).status).toBe(200)
    expect(await messagesTo(gateway, person.email)).toBeGreaterThan(1)
  })

  it('is made by codes, each with its own address', async () => {
    const { id, email, newEmail, half, link } = await asksBoth()
    const wrong = await post('/verify', { type: 'email_change', email, token: link.code })
    if (link.code !== half.code) expect(wrong.status).toBe(403)
    const one = await post('/verify', { type: 'email_change', email, token: half.code })
    expect(one.body.code).toBe('200')
    const other = await post('/verify', { type: 'email_change', email: newEmail, token: link.code })
    expect(other.status).toBe(200)
    expect(await emailOf(id)).toBe(newEmail)
  })

  it('is made once by two answers that come together', async () => {
    const { id, newEmail, half, link } = await asksBoth()
    const answers = await Promise.all(
      [half, link].map(({ hash }) => post('/verify', { type: 'email_change', token_hash: hash })),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers.filter(({ body }) => body.code === '200')).toHaveLength(1)
    expect(await emailOf(id)).toBe(newEmail)
  })

  it('tells a browser that one half is done', async () => {
    const { half, link } = await asksBoth()
    const first = redirectOf(await follow(half.path))
    expect(first.fragment).toEqual({
      message: 'Confirmation link accepted. Please proceed to confirm link sent to the other email',
      sb: '',
    })
    expect(redirectOf(await follow(link.path)).fragment).toMatchObject({ type: 'email_change' })
  })

  it('is not made by the old mailbox where the new one has not answered in time', async () => {
    const person = await aSupabaseUser(gateway)
    const newEmail = anAddress()
    await asked(person.user, toNew, newEmail)
    gateway.pass(1800)
    const half = await asked(person.user, toOld, person.email, newEmail)
    gateway.pass(1800)
    const answer = await post('/verify', { type: 'email_change', token_hash: half.hash })
    expect([answer.status, answer.body.code]).toEqual([403, 'otp_expired'])
    expect(await emailOf(person.id)).toBe(person.email)
  })
})

describe('a change of address that the new mailbox alone is asked', () => {
  it('is made at once, and the old address has a way back', async () => {
    const person = await aSupabaseUser(gateway)
    const newEmail = anAddress()
    const link = await asked(person.user, toNew, newEmail)
    const answer = await follow(link.path)
    expect(redirectOf(answer).fragment).toMatchObject({ type: 'email_change', token_type: 'bearer' })
    expect(await emailOf(person.id)).toBe(newEmail)
    expect(await messagesTo(gateway, person.email)).toBe(1)
  })

  it('makes somebody of whoever was known by nothing', async () => {
    const { user } = await aSupabaseUser(gateway, { isAnonymous: true })
    await gateway.database.query(`update users set email = null where id_user = '${user.id}'`)
    const newEmail = anAddress()
    const link = await asked({ ...user, email: undefined }, toNew, newEmail)
    const answer = await post('/verify', { type: 'email_change', token_hash: link.hash })
    expect(answer.body.user).toMatchObject({ email: newEmail, is_anonymous: false })
  })

  it('is refused where somebody else has the address by now', async () => {
    const person = await aSupabaseUser(gateway)
    const newEmail = anAddress()
    const link = await asked(person.user, toNew, newEmail)
    await aSupabaseUser(gateway, { email: newEmail })
    const answer = await post('/verify', { type: 'email_change', token_hash: link.hash })
    expect([answer.status, answer.body.code]).toEqual([403, 'otp_expired'])
    expect(await emailOf(person.id)).toBe(person.email)
  })

  it('is asked for once more by the address that the account has', async () => {
    const person = await aSupabaseUser(gateway)
    const newEmail = anAddress()
    const before = await asked(person.user, toNew, newEmail)
    const answer = await post('/resend', { type: 'email_change', email: person.email })
    expect([answer.status, answer.text]).toEqual([200, '{}'])
    const after = await lastMessage(gateway, toNew, newEmail)
    expect(after.hash).not.toBe(before.hash)
    expect((await post('/verify', { type: 'email_change', token_hash: before.hash })).status).toBe(403)
    expect((await post('/verify', { type: 'email_change', token_hash: after.hash })).status).toBe(200)
  })
})

describe('a change of number', () => {
  const asksNumber = async (user: User, phone: string) => {
    const { world } = gateway
    const { policy } = gateway.service
    const to = { kind: 'phone', phone, channel: 'sms' } as const
    const made = mintPhoneCode({ world, policy }, { user, purpose: 'phone-change', to }, world.now())
    await world.store.insertOneTimeToken(made.token, { mails: [made.sms] })
    return lastMessage(gateway, 'sms-code', phone)
  }

  it('is made by the code that the new number was sent', async () => {
    const { user, id } = await aSupabaseUser(gateway)
    const { code } = await asksNumber(user, '33612340001')
    expect((await post('/verify', { type: 'sms', phone: '33612340001', token: code })).status).toBe(403)
    const answer = await post('/verify', { type: 'phone_change', phone: '+33612340001', token: code })
    expect(answer.status).toBe(200)
    expect(answer.body.user).toMatchObject({ id, phone: '33612340001' })
    expect(answer.body.user.phone_confirmed_at).toBeDefined()
  })

  it('is refused where somebody else has the number by now', async () => {
    const { user, id } = await aSupabaseUser(gateway)
    const { code } = await asksNumber(user, '33612340002')
    await aSupabaseUser(gateway, { signInPhone: '33612340002' })
    const answer = await post('/verify', { type: 'phone_change', phone: '33612340002', token: code })
    expect([answer.status, answer.body.code]).toEqual([403, 'otp_expired'])
    expect((await gateway.world.store.findUser(id))?.user.signInPhone).toBeUndefined()
  })
})
