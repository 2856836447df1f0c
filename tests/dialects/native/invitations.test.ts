import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anAddress, aPassword, aPerson, mailedToken, mailsOf } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let admin: string
let email: string

beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

let site = 0
beforeEach(async () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  admin = await gateway.accessToken()
  email = anAddress()
})

const invite = (json: object = {}) =>
  gateway.call('POST', '/api/v1/users/invite', { token: admin, json: { email, ...json } })
const accept = (token: string, json: object = {}) =>
  gateway.call('POST', '/api/v1/auth/invite/accept', { json: { token, password: aPassword, ...json } })
const link = () => mailedToken(gateway, 'invite', email)
const code = ({ status, body }: { status: number; body: { error?: { code: string } } }) =>
  `${status} ${body?.error?.code ?? ''}`.trim()
const login = async (identifier = email, password = aPassword) =>
  code(await gateway.call('POST', '/api/v1/auth/login', { json: { identifier, password } }))

describe('an invitation', () => {
  it('lets its receiver in, with a confirmed address, the role, and what they say of themselves', async () => {
    const invited = await invite({ role: 'admin', locale: 'fr', name: 'Grace', surname: 'H' })
    expect(invited.status).toBe(201)
    expect(invited.body.data).toMatchObject({ email, role: 'admin', state: 'invited' })
    const mail = (await mailsOf(gateway)).findLast(({ to }) => to === email)
    expect(mail).toMatchObject({ kind: 'invite', locale: 'fr' })
    const accepted = await accept(await link(), { username: `grace${site}`, surname: 'Hopper' })
    expect(accepted.body.data).toEqual({ email })
    expect(await login(`grace${site}`)).toBe('200')
    const { body } = await gateway.call('GET', `/api/v1/users/${invited.body.data.id}`, { token: admin })
    expect(body.data).toMatchObject({
      state: 'active',
      name: 'Grace',
      surname: 'Hopper',
      email_confirmed_at: expect.any(String),
    })
  })

  it('can be followed once: of twenty at the same time one sets the password', async () => {
    await invite()
    const token = await link()
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept(token)))
    expect(answers.map(code).sort()).toEqual(['200', ...Array(19).fill('401 invalid_link')])
    expect(code(await accept(token))).toBe('401 invalid_link')
  })

  it('is good for 72 hours, and not a second more', async () => {
    await invite()
    const token = await link()
    gateway.pass(72 * 3600 - 1)
    expect(code(await accept(token, { password: 'short' }))).toBe('422 password_unacceptable')
    gateway.pass(1)
    expect(code(await accept(token))).toBe('401 invalid_link')
  })

  it('is not used up by a password or a name that is refused', async () => {
    const other = await aPerson(gateway, { username: `held${site}` })
    expect(other.id).not.toBe('')
    await invite()
    const token = await link()
    expect(code(await accept(token, { password: 'password12345678' }))).toBe('422 password_unacceptable')
    expect(code(await accept(token, { password: `${email.split('@')[0]}`.repeat(3) }))).toBe(
      '422 password_unacceptable',
    )
    expect(code(await accept(token, { username: '@' }))).toBe('422 invalid_fields')
    expect(code(await accept(token, { username: `HELD${site}` }))).toBe('409 username_taken')
    expect(code(await accept(token))).toBe('200')
  })

  it('is made void by the next one, which may give another role', async () => {
    await invite({ role: 'admin' })
    const before = await link()
    const again = await invite({ role: 'user' })
    expect(again.body.data).toMatchObject({ role: 'user', state: 'invited' })
    expect((await invite()).body.data).toMatchObject({ id: again.body.data.id, role: 'user' })
    expect(code(await accept(before))).toBe('401 invalid_link')
    expect(code(await accept(await link()))).toBe('200')
  })

  it('is not sent to somebody who has come already', async () => {
    const person = await aPerson(gateway)
    const answer = await invite({ email: person.email })
    expect(code(answer)).toBe('409 email_taken')
  })

  it('lets nobody in who was disabled or deleted before they came', async () => {
    for (const way of [
      ['POST', '/disable'],
      ['DELETE', ''],
    ] as const) {
      email = anAddress()
      const { id } = (await invite()).body.data
      const token = await link()
      await gateway.call(way[0], `/api/v1/users/${id}${way[1]}`, { token: admin })
      expect(code(await accept(token))).toBe('401 invalid_link')
    }
  })

  it('gives nothing to whoever has another link, or names a role or an id', async () => {
    await invite()
    const person = await aPerson(gateway)
    await gateway.call('POST', `/api/v1/users/${person.id}/password-reset`, { token: admin })
    expect(code(await accept(await mailedToken(gateway, 'password-reset', person.email)))).toBe(
      '401 invalid_link',
    )
    for (const extra of [{ role: 'admin' }, { id: person.id }, { email: person.email }, { user_id: 'x' }]) {
      expect(code(await accept(await link(), extra))).toBe('422 invalid_fields')
    }
  })

  it('makes one user of twenty who are invited at once to one address', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => invite()))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1)
    const tokens = (await mailsOf(gateway)).filter(({ to }) => to === email).map(({ facts }) => facts.token)
    const outcomes = []
    for (const token of tokens) outcomes.push(code(await accept(token)))
    expect(outcomes.filter((outcome) => outcome === '200')).toHaveLength(1)
  })
})

describe('an invitation that is accepted while it is sent anew', () => {
  it('waits for the new one, and neither waits for the other for ever', async () => {
    const email = anAddress()
    await gateway.call('POST', '/api/v1/users/invite', { token: admin, json: { email } })
    const token = await mailedToken(gateway, 'invite', email)
    const anew = new pg.Client({ connectionString: gateway.database.url })
    await anew.connect()
    try {
      // As a new invitation does it: the user first, and the links then.
      await anew.query('begin')
      await anew.query('update users set version = version + 1 where email = $1', [email])
      const accepted = gateway.call('POST', '/api/v1/auth/invite/accept', {
        json: { token, password: aPassword },
      })
      const waiting =
        'select 1 from pg_stat_activity where datname = current_database() and wait_event_type = $1'
      await expect.poll(async () => (await gateway.database.query(waiting, ['Lock'])).length).toBe(1)
      await anew.query('delete from one_time_tokens where email = $1', [email])
      await anew.query('commit')
      expect((await accepted).status).toBe(401)
    } finally {
      await anew.end()
    }
  })
})
