import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  anAddress,
  aPassword,
  aPerson,
  mailedToken,
  mailsOf,
  type PersonSeen,
  signedIn,
  type TokensSeen,
} from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let other: TestGateway
let ada: PersonSeen
let tokens: TokensSeen
let wanted: string
let site = 0
beforeAll(async () => {
  gateway = await createTestGateway()
  other = await createTestGateway({ database: gateway.database })
})
beforeEach(async () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  ada = await aPerson(gateway)
  tokens = await signedIn(gateway, ada)
  wanted = anAddress()
})
afterAll(async () => {
  await other.close()
  await gateway.close()
})

const ask = (email: string, { token = tokens.access, password = ada.password } = {}) =>
  gateway.call('POST', '/api/v1/me/email', { token, json: { email, password } })
const confirm = (token: string, at = gateway) =>
  at.call('POST', '/api/v1/auth/email/change/confirm', { json: { token } })
const undo = (token: string, at = gateway) =>
  at.call('POST', '/api/v1/auth/email/change/undo', { json: { token } })
const login = (email: string, password = ada.password) =>
  gateway.call('POST', '/api/v1/auth/login', { json: { identifier: email, password } })
const mailsTo = async (email: string) => (await mailsOf(gateway)).filter(({ to }) => to === email)
const kindsTo = async (email: string) => (await mailsTo(email)).map(({ kind }) => kind)
const changeTo = async (email: string) => {
  await ask(email)
  return confirm(await mailedToken(gateway, 'email-change', email))
}
const emailNow = async () => (await gateway.world.store.findUser(ada.id))?.user.email

describe('a change of the address', () => {
  it('takes effect when the new one is confirmed, and the old one is told both times', async () => {
    const asked = await ask(wanted.toUpperCase())
    expect([asked.status, asked.body.data]).toEqual([202, { email: wanted }])
    expect(await emailNow()).toBe(ada.email)
    expect(await kindsTo(wanted)).toEqual(['email-change'])
    expect((await kindsTo(ada.email)).at(-1)).toBe('email-change-asked')
    expect((await login(wanted)).status).toBe(401)

    const confirmed = await confirm(await mailedToken(gateway, 'email-change', wanted))
    expect([confirmed.status, confirmed.body.data]).toEqual([200, { changed: true }])
    expect((await mailsTo(ada.email)).at(-1)).toMatchObject({
      kind: 'email-changed',
      facts: { newEmail: wanted, token: expect.any(String) },
    })
    expect([(await login(ada.email)).status, (await login(wanted)).status]).toEqual([401, 200])
    // The person who made it goes on.
    expect((await gateway.call('GET', '/api/v1/me', { token: tokens.access })).body.data.user).toMatchObject({
      email: wanted,
      email_confirmed_at: gateway.world.now().toISOString(),
    })
  })

  it('needs the password, and an address that is one and another one', async () => {
    expect((await ask(wanted, { password: 'not the password of it' })).body.error.code).toBe(
      'reauthentication_failed',
    )
    for (const email of ['a@b@c', 'a＠b.com', 'a@b.com\r\nBcc: c@d.com', '', ada.email]) {
      expect([email, (await ask(email)).status]).toEqual([email, 422])
    }
    expect(await kindsTo(wanted)).toEqual([])
  })

  it('answers a taken address as a free one, and tells its owner alone', async () => {
    const bob = await aPerson(gateway)
    const answers = [await ask(bob.email), await ask(wanted)]
    const seen = answers.map(({ status, headers, body }) => ({
      status,
      names: [...headers.keys()].sort(),
      data: Object.keys(body.data),
    }))
    expect(seen[0]).toEqual(seen[1])
    expect((await kindsTo(bob.email)).at(-1)).toBe('email-known')
    expect(JSON.stringify(await mailsTo(bob.email))).not.toContain(ada.email)
  })

  it('gives an address that two want to one of them', async () => {
    const bob = await aPerson(gateway)
    const bobsTokens = await signedIn(gateway, bob)
    await ask(wanted)
    const adasLink = await mailedToken(gateway, 'email-change', wanted)
    await ask(wanted, { token: bobsTokens.access })
    const bobsLink = await mailedToken(gateway, 'email-change', wanted)
    const answers = await Promise.all([confirm(adasLink), confirm(bobsLink, other)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    const rows = await gateway.database.query('select id_user from users where email = $1', [wanted])
    expect(rows).toHaveLength(1)
  })

  it('has one success of twenty who use its link at once on two instances', async () => {
    await ask(wanted)
    const token = await mailedToken(gateway, 'email-change', wanted)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => confirm(token, index % 2 === 0 ? gateway : other)),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19)
    expect((await kindsTo(ada.email)).filter((kind) => kind === 'email-changed')).toHaveLength(1)
  })

  it('ends all older links, to the last second of its own half hour', async () => {
    await gateway.call('POST', '/api/v1/auth/password/forgot', { json: { email: ada.email } })
    const reset = await mailedToken(gateway, 'password-reset', ada.email)
    const first = anAddress()
    await ask(first)
    const older = await mailedToken(gateway, 'email-change', first)
    await ask(wanted)
    expect((await confirm(older)).status).toBe(401)
    gateway.pass(1799)
    expect((await confirm(await mailedToken(gateway, 'email-change', wanted))).status).toBe(200)
    const answer = await gateway.call('POST', '/api/v1/auth/password/reset', {
      json: { token: reset, password: 'quite another password' },
    })
    expect(answer.body.error.code).toBe('invalid_link')
    await signedIn(gateway, { email: wanted, password: ada.password })
  })

  it('fills no mailbox, of whomever', async () => {
    const seen: number[] = []
    for (let time = 0; time < 7; time++) seen.push((await ask(wanted)).status)
    expect(seen).toEqual([202, 202, 202, 202, 202, 429, 429])
  })

  it('tells nothing to an address that was never confirmed, which may be a stranger’s', async () => {
    await gateway.database.query(`update users set email_confirmed_at = null where id_user = '${ada.id}'`)
    expect((await changeTo(wanted)).status).toBe(200)
    expect(await kindsTo(ada.email)).not.toContain('email-changed')
  })
})

describe('the way back from a change of the address', () => {
  const undoLink = () => mailedToken(gateway, 'email-changed', ada.email)

  it('restores the address, ends all sessions, and lets the owner alone set a new password', async () => {
    await changeTo(wanted)
    const thief = await signedIn(gateway, { email: wanted, password: ada.password })
    const undone = await undo(await undoLink())
    expect([undone.status, undone.body.data]).toEqual([200, { undone: true }])
    for (const { access, refresh } of [thief, tokens]) {
      expect((await gateway.call('GET', '/api/v1/me', { token: access })).status).toBe(401)
      const refreshed = await gateway.call('POST', '/api/v1/auth/refresh', { json: { refresh } })
      expect(refreshed.status).toBe(401)
    }
    expect((await login(wanted)).status).toBe(401)
    expect((await login(ada.email)).body.error.code).toBe('password_reset_due')
    expect((await kindsTo(wanted)).at(-1)).toBe('email-change-undone')
    const token = await mailedToken(gateway, 'password-reset', ada.email)
    const json = { token, password: 'what the owner alone knows' }
    expect((await gateway.call('POST', '/api/v1/auth/password/reset', { json })).status).toBe(200)
    expect((await login(ada.email, json.password)).status).toBe(200)
  })

  it('is open for 72 hours, whatever a thief changes meanwhile', async () => {
    await changeTo(wanted)
    const thief = await signedIn(gateway, { email: wanted, password: ada.password })
    await gateway.call('POST', '/api/v1/me/password', {
      token: thief.access,
      json: { current_password: ada.password, new_password: 'what a thief would choose' },
    })
    const third = anAddress()
    await ask(third, { token: thief.access, password: 'what a thief would choose' })
    expect((await confirm(await mailedToken(gateway, 'email-change', third))).status).toBe(200)
    const thiefsUndo = await mailedToken(gateway, 'email-changed', wanted)
    gateway.pass(72 * 3600 - 1)
    expect((await undo(await undoLink())).status).toBe(200)
    expect(await emailNow()).toBe(ada.email)
    // The address that came later does not outrank the one that was there first.
    expect((await undo(thiefsUndo)).status).toBe(401)
  })

  it('is closed after 72 hours, and after it was taken once by one of twenty', async () => {
    await changeTo(wanted)
    const late = await undoLink()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => undo(late, index % 2 === 0 ? gateway : other)),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19)
    const bob = await aPerson(gateway)
    const { access } = await signedIn(gateway, bob)
    const bobsNew = anAddress()
    await ask(bobsNew, { token: access })
    await confirm(await mailedToken(gateway, 'email-change', bobsNew))
    const bobs = await mailedToken(gateway, 'email-changed', bob.email)
    gateway.pass(72 * 3600)
    expect((await undo(bobs)).body.error.code).toBe('invalid_link')
  })

  it('is nobody else’s while it is open', async () => {
    await changeTo(wanted)
    const json = { email: ada.email, password: aPassword }
    expect((await gateway.call('POST', '/api/v1/auth/register', { json })).status).toBe(202)
    const bob = await aPerson(gateway)
    const { access } = await signedIn(gateway, bob)
    await ask(ada.email, { token: access })
    const links = (await mailsTo(ada.email)).filter(({ kind }) => kind === 'email-change')
    for (const { facts } of links) expect((await confirm(facts.token)).status).toBe(401)
    expect(await gateway.database.query('select 1 from users where email = $1', [ada.email])).toEqual([])
    expect((await undo(await undoLink())).status).toBe(200)
    expect(await emailNow()).toBe(ada.email)
  })

  it('gives the address free when it closes', async () => {
    await changeTo(wanted)
    gateway.pass(72 * 3600)
    await aPerson(gateway, { email: ada.email })
  })
})
