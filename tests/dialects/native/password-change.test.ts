import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aPerson, mailsOf, type PersonSeen, signedIn, type TokensSeen } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

const newPassword = 'quite another password'

let gateway: TestGateway
let other: TestGateway
let ada: PersonSeen
let tokens: TokensSeen
let site = 0
beforeAll(async () => {
  gateway = await createTestGateway()
  other = await createTestGateway({ database: gateway.database })
})
beforeEach(async () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  ada = await aPerson(gateway)
  tokens = await signedIn(gateway, ada)
})
afterAll(async () => {
  await other.close()
  await gateway.close()
})

const change = (json: object, { token = tokens.access, at = gateway } = {}) =>
  at.call('POST', '/api/v1/me/password', { token, json })
const changeTo = (password: string, current = ada.password, at = gateway) =>
  change({ current_password: current, new_password: password }, { at })
const me = (token: string) => gateway.call('GET', '/api/v1/me', { token })
const login = (password: string) =>
  gateway.call('POST', '/api/v1/auth/login', { json: { identifier: ada.email, password } })

describe('a change of the password', () => {
  it('needs the one of now, ends the other sessions, and tells the owner', async () => {
    const elsewhere = await signedIn(gateway, ada)
    const answer = await changeTo(newPassword)
    expect([answer.status, answer.body.data]).toEqual([200, { sessions_ended: 1 }])
    expect((await me(tokens.access)).status).toBe(200)
    expect((await me(elsewhere.access)).body.error.code).toBe('token_revoked')
    const refresh = (token: string) =>
      gateway.call('POST', '/api/v1/auth/refresh', { json: { refresh: token } })
    expect((await refresh(elsewhere.refresh)).status).toBe(401)
    expect((await refresh(tokens.refresh)).status).toBe(200)
    expect([(await login(ada.password)).status, (await login(newPassword)).status]).toEqual([401, 200])
    const told = (await mailsOf(gateway)).filter(({ to }) => to === ada.email)
    expect(told.map(({ kind }) => kind)).toContain('password-changed')
  })

  it('is refused without the one of now, and changes nothing', async () => {
    const wrong = await changeTo(newPassword, 'not the password of it')
    expect([wrong.status, wrong.body.error]).toEqual([
      403,
      {
        code: 'reauthentication_failed',
        message: expect.any(String),
        details: [{ field: 'current_password', message: 'The current password is wrong.' }],
      },
    ])
    for (const json of [
      {},
      { new_password: newPassword },
      { current_password: 1, new_password: newPassword },
    ]) {
      expect((await change(json)).status).toBe(422)
    }
    expect((await login(ada.password)).status).toBe(200)
  })

  it('refuses what registration refuses, and the same once more', async () => {
    for (const password of ['short', 'x'.repeat(1025), ada.email, ada.password]) {
      const answer = await changeTo(password)
      const { code, details } = answer.body.error
      expect([password, answer.status, code, details[0].field]).toEqual([
        password,
        422,
        'password_unacceptable',
        'new_password',
      ])
    }
  })

  it('slows down whoever guesses the one of now, together with their sign-ins', async () => {
    for (let time = 0; time < 3; time++) await changeTo(newPassword, 'not the password of it')
    for (let time = 0; time < 2; time++) expect((await login('not the password of it')).status).toBe(401)
    const delayed = await changeTo(newPassword)
    expect([delayed.status, delayed.body.error.code]).toEqual([429, 'login_delayed'])
    expect((await login(ada.password)).status).toBe(429)
    gateway.pass(1)
    expect((await changeTo(newPassword)).status).toBe(200)
  })

  it('is not kept from its owner by strangers who fail to sign in from everywhere', async () => {
    for (let time = 0; time < 55; time++) {
      gateway.comeFrom(`198.18.${site}.${time}`)
      await login('not the password of it')
    }
    gateway.comeFrom('198.51.100.77')
    expect((await login(ada.password)).status).toBe(429)
    expect((await changeTo(newPassword)).status).toBe(200)
  })

  it('is slow everywhere for whoever guesses with a stolen token from everywhere', async () => {
    const seen: number[] = []
    for (let time = 0; time < 52; time++) {
      gateway.comeFrom(`198.19.${site}.${time}`)
      seen.push((await changeTo(newPassword, 'not the password of it')).status)
    }
    expect(seen.indexOf(429)).toBe(50)
  })

  it('has one winner of two on two instances, who both knew the password', async () => {
    const passwords = ['the first of the two wishes', 'the second of the two wishes']
    const answers = await Promise.all([
      changeTo(passwords[0]!, ada.password, gateway),
      changeTo(passwords[1]!, ada.password, other),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403])
    const winner = passwords[answers.findIndex(({ status }) => status === 200)]!
    expect((await login(winner)).status).toBe(200)
  })

  it('is for people in person', async () => {
    const answer = await change(
      { current_password: ada.password, new_password: newPassword },
      { token: await gateway.accessToken() },
    )
    expect([answer.status, answer.body.error.code]).toEqual([403, 'person_needed'])
    expect((await change({}, { token: '' })).status).toBe(401)
  })

  it('is told in the audit log without a word of it', async () => {
    await changeTo(newPassword)
    const rows = await gateway.database.query(
      `select * from audit_events where kind = 'user.password-change' and user_id = '${ada.id}'`,
    )
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`${newPassword}|${ada.password}|${ada.email}`))
  })
})
