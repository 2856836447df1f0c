import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  anAddress,
  aPassword,
  aPerson,
  mailedToken,
  mailsOf,
  type PersonSeen,
  signedIn,
} from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

const newPassword = 'quite another password'

let gateway: TestGateway
/** Another instance on the same database. */
let other: TestGateway
let ada: PersonSeen
let site = 0
beforeAll(async () => {
  gateway = await createTestGateway()
  other = await createTestGateway({ database: gateway.database })
})
beforeEach(async () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  ada = await aPerson(gateway)
})
afterAll(async () => {
  await other.close()
  await gateway.close()
})

const forgot = (email: string, headers?: Record<string, string>) =>
  gateway.call('POST', '/api/v1/auth/password/forgot', { json: { email }, headers })
const reset = (token: string, password = newPassword, at = gateway) =>
  at.call('POST', '/api/v1/auth/password/reset', { json: { token, password } })
const linkFor = async (email: string) => {
  await forgot(email)
  return mailedToken(gateway, 'password-reset', email)
}
const login = (email: string, password: string) =>
  gateway.call('POST', '/api/v1/auth/login', { json: { identifier: email, password } })
const mailsTo = async (email: string) => (await mailsOf(gateway)).filter(({ to }) => to === email)
const set = (assignment: string) =>
  gateway.database.query(`update users set ${assignment}, version = version + 1 where id_user = '${ada.id}'`)

describe('a forgotten password', () => {
  it('is set anew by a link that was mailed to the address', async () => {
    const answer = await reset(await linkFor(ada.email))
    expect([answer.status, answer.body.data]).toEqual([200, { reset: true }])
    expect((await login(ada.email, ada.password)).status).toBe(401)
    expect((await login(ada.email, newPassword)).status).toBe(200)
    expect((await mailsTo(ada.email)).map(({ kind }) => kind)).toContain('password-changed')
  })

  it('signs nobody in, and ends every session within the call', async () => {
    const [first, second] = [await signedIn(gateway, ada), await signedIn(gateway, ada)]
    const answer = await reset(await linkFor(ada.email))
    expect(answer.text).not.toContain('access')
    for (const { access, refresh } of [first, second]) {
      expect((await gateway.call('GET', '/api/v1/me', { token: access })).status).toBe(401)
      const refreshed = await gateway.call('POST', '/api/v1/auth/refresh', { json: { refresh } })
      expect(refreshed.body.error.code).toBe('session_revoked')
    }
  })

  it('is answered alike for known, unknown, disabled and deleted people, who alone get no mail', async () => {
    const disabled = await aPerson(gateway)
    const deleted = await aPerson(gateway)
    const unknown = anAddress()
    await gateway.database.query(`update users set disabled_at = now() where id_user = '${disabled.id}'`)
    await gateway.database.query(`update users set deleted_at = now() where id_user = '${deleted.id}'`)
    const emails = [ada.email, disabled.email, deleted.email, unknown, ada.email.toUpperCase()]
    const answers: unknown[] = []
    for (const email of emails) {
      const { status, headers, body } = await forgot(email)
      answers.push({
        status,
        names: [...headers.keys()].sort(),
        data: body.data,
        cache: headers.get('cache-control'),
      })
    }
    expect(answers[0]).toMatchObject({ status: 202, data: {} })
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    const told = (await mailsOf(gateway)).filter(({ kind }) => kind === 'password-reset').map(({ to }) => to)
    // Of two that wait the newer one has made the older one void.
    expect(told.filter((to) => to === ada.email)).toHaveLength(1)
    expect(told.filter((to) => [disabled.email, deleted.email, unknown].includes(to))).toEqual([])
  })

  it('does the same work in the database for known and unknown people', async () => {
    const rows = async () => {
      const [row] = await gateway.database.query('select count(*)::int as mails from mail_outbox')
      return Number(row?.['mails'])
    }
    const before = await rows()
    await forgot(ada.email)
    const between = await rows()
    await forgot(anAddress())
    expect([between - before, (await rows()) - between]).toEqual([1, 1])
    // To void what a newer mail takes the place of is work as well: a decoy does it too.
    const keyless = await gateway.database.query(
      `select kind from mail_outbox where void_key is null and (sent_at is not null or kind = 'password-reset')`,
    )
    expect(keyless).toEqual([])
  })

  it('fills nobody’s mailbox, and tells nobody that it no longer mails', async () => {
    for (let time = 0; time < 12; time++) expect((await forgot(ada.email)).status).toBe(202)
    const kind = 'password-reset'
    const mails = await gateway.database.query(
      'select id from mail_outbox where user_id = $1 and kind = $2',
      [ada.id, kind],
    )
    expect(mails).toHaveLength(5)
    // The last link that was mailed is the one that is good.
    expect((await reset(await mailedToken(gateway, kind, ada.email))).status).toBe(200)
  })

  it('is asked for by one site a hundred times an hour', async () => {
    const seen: number[] = []
    for (let time = 0; time < 102; time++) seen.push((await forgot(anAddress())).status)
    // One was spent on signing up.
    expect(seen.indexOf(429)).toBe(99)
    const refused = await forgot(ada.email)
    expect([refused.status, refused.body.error.code]).toEqual([429, 'rate_limited'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    gateway.pass(3600)
  })

  it('makes no link of what the call says of its host', async () => {
    const headers = {
      Host: 'evil.test',
      'X-Forwarded-Host': 'evil.test',
      Forwarded: 'host=evil.test',
      Origin: 'https://evil.test',
      Referer: 'https://evil.test/',
    }
    expect((await forgot(ada.email, headers)).status).toBe(202)
    const json = { email: ada.email, redirect_to: 'https://evil.test' }
    expect((await gateway.call('POST', '/api/v1/auth/password/forgot', { json })).status).toBe(422)
    // A mail has only the token: the link is made of PUBLIC_URL, where mails are written.
    expect(JSON.stringify(await mailsTo(ada.email))).not.toContain('evil.test')
    expect(JSON.stringify(await gateway.database.query('select * from mail_outbox'))).not.toContain(
      'evil.test',
    )
  })
})

describe('the link to set a password by', () => {
  it('is good for one of twenty who use it at once on two instances', async () => {
    const token = await linkFor(ada.email)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        reset(token, `password number ${index} of twenty`, index % 2 === 0 ? gateway : other),
      ),
    )
    const good = answers.flatMap(({ status }, index) => (status === 200 ? [index] : []))
    expect(good).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19)
    expect((await login(ada.email, `password number ${good[0]} of twenty`)).status).toBe(200)
    const changed = (await mailsTo(ada.email)).filter(({ kind }) => kind === 'password-changed')
    expect(changed).toHaveLength(1)
  })

  it('is good for half an hour, and for the last second of it', async () => {
    const token = await linkFor(ada.email)
    gateway.pass(1799)
    expect((await reset(token)).status).toBe(200)
    const late = await linkFor(ada.email)
    gateway.pass(1800)
    expect((await reset(late)).body.error.code).toBe('invalid_link')
  })

  it('is void once a newer one was asked for, and one only is left of many asked for at once', async () => {
    const first = await linkFor(ada.email)
    await Promise.all([forgot(ada.email), forgot(ada.email), forgot(ada.email)])
    expect((await reset(first)).status).toBe(401)
    const rows = await gateway.database.query(
      `select id from one_time_tokens where user_id = '${ada.id}' and purpose = 'password-reset' and used_at is null`,
    )
    expect(rows).toHaveLength(1)
  })

  it('is void after a change of the password', async () => {
    const token = await linkFor(ada.email)
    const { access } = await signedIn(gateway, ada)
    const json = { current_password: ada.password, new_password: newPassword }
    await gateway.call('POST', '/api/v1/me/password', { token: access, json })
    expect((await reset(token, 'yet another password')).status).toBe(401)
  })

  it('is not used up by a password that is refused', async () => {
    const token = await linkFor(ada.email)
    for (const password of ['too short', 'x'.repeat(1025), 'a\ud800'.repeat(10), ada.email]) {
      const refused = await reset(token, password)
      expect([refused.status, refused.body.error.code]).toEqual([422, 'password_unacceptable'])
      expect(refused.body.error.details[0].field).toBe('password')
    }
    expect((await reset(token)).status).toBe(200)
  })

  it('is good for nothing else, and nothing else is good for it', async () => {
    const token = await linkFor(ada.email)
    for (const path of ['email/confirm', 'email/change/confirm', 'email/change/undo']) {
      const answer = await gateway.call('POST', `/api/v1/auth/${path}`, { json: { token } })
      expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid_link'])
    }
    const email = anAddress()
    await gateway.call('POST', '/api/v1/auth/register', { json: { email, password: aPassword } })
    expect((await reset(await mailedToken(gateway, 'email-confirm', email))).status).toBe(401)
    expect((await reset(token)).status).toBe(200)
  })

  it('is nothing that the database could give away', async () => {
    const token = await linkFor(ada.email)
    const rows = await gateway.database.query('select * from one_time_tokens')
    expect(JSON.stringify(rows)).not.toContain(token)
    expect(JSON.stringify(await gateway.database.query('select * from mail_outbox'))).not.toContain(token)
  })

  it.each(['disabled_at', 'deleted_at'])('opens nothing once the account has %s', async (column) => {
    const token = await linkFor(ada.email)
    await set(`${column} = now()`)
    expect((await reset(token)).body.error.code).toBe('invalid_link')
  })

  it('confirms the address that it was mailed to', async () => {
    const email = anAddress()
    await gateway.call('POST', '/api/v1/auth/register', { json: { email, password: aPassword } })
    expect((await login(email, aPassword)).status).toBe(403)
    expect((await reset(await linkFor(email))).status).toBe(200)
    expect((await login(email, newPassword)).status).toBe(200)
  })

  it('ends the order to reset, which the password of before does not', async () => {
    await set('must_reset_password = true')
    expect((await login(ada.email, ada.password)).body.error.code).toBe('password_reset_due')
    const token = await linkFor(ada.email)
    expect((await reset(token, ada.password)).body.error.code).toBe('password_unacceptable')
    expect((await reset(token)).status).toBe(200)
    expect((await login(ada.email, newPassword)).status).toBe(200)
  })
})
