import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aPerson, type PersonSeen, signedIn } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let ada: PersonSeen
let token: string
let site = 0
beforeAll(async () => {
  gateway = await createTestGateway()
})
beforeEach(async () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  ada = await aPerson(gateway)
  token = (await signedIn(gateway, ada)).access
})
afterAll(() => gateway.close())

const patch = (json: unknown) => gateway.call('PATCH', '/api/v1/me', { token, json })
const send = (text: string) =>
  gateway.answer(
    new Request('http://gateway.test/api/v1/me', {
      method: 'PATCH',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: text,
    }),
  )
const user = async () => (await gateway.call('GET', '/api/v1/me', { token })).body.data.user
const row = async () => (await gateway.database.query('select * from users where id_user = $1', [ada.id]))[0]

describe('the own profile', () => {
  it('is changed field by field: what is left out stays, null empties', async () => {
    const all = {
      username: `Ada-${site}`,
      name: 'Ada',
      surname: 'Lovelace',
      phone: '+33 1 23 45 67 89',
      locale: 'fr',
      avatar_url: 'https://example.com/ada.png',
      metadata: { theme: { dark: [true, null, 1.5] } },
    }
    const changed = await patch(all)
    expect([changed.status, changed.body.data]).toMatchObject([200, { ...all, email: ada.email }])
    expect(await user()).toEqual(changed.body.data)
    expect((await patch({ name: null, username: null, metadata: {} })).body.data).toMatchObject({
      ...all,
      name: null,
      username: null,
      metadata: {},
    })
    expect((await patch({})).status).toBe(200)
  })

  it.each([
    ['role', 'admin'],
    ['role_id', '00000000-0000-4000-8000-000000000000'],
    ['id', '00000000-0000-4000-8000-000000000000'],
    ['email', 'thief@example.com'],
    ['email_confirmed_at', '2020-01-01T00:00:00Z'],
    ['emailConfirmedAt', null],
    ['password', 'what a thief would choose'],
    ['password_hash', 'x'],
    ['permissions', ['*']],
    ['disabled_at', null],
    ['deleted_at', null],
    ['must_reset_password', false],
    ['created_at', '2020-01-01T00:00:00Z'],
    ['version', 7],
    ['constructor', {}],
    ['avatarUrl', 'https://example.com/'],
  ])('refuses %s, and all that came with it', async (field, value) => {
    const before = await row()
    const refused = await patch({ name: 'Thief', [field]: value })
    expect([refused.status, refused.body.error.code]).toEqual([422, 'invalid_fields'])
    expect(await row()).toEqual(before)
  })

  it('refuses a prototype, whichever way it comes', async () => {
    const before = await row()
    expect((await send('{"name":"x","__proto__":{"role":"admin"}}')).status).toBe(422)
    expect(await row()).toEqual(before)
  })

  it.each([
    ['name', 'a\u0000b'],
    ['name', 'a\r\nBcc: c@d.com'],
    ['name', '\ud800'],
    ['name', 'x'.repeat(101)],
    ['name', 7],
    ['username', 'a@b.com'],
    ['username', 'ab'],
    ['username', 'аda'],
    ['phone', 'call me'],
    ['locale', '../../etc'],
    ['avatar_url', 'http://example.com/a.png'],
    ['avatar_url', 'javascript:alert(1)'],
    ['avatar_url', 'https://user:word@example.com/'],
    ['avatar_url', 'https://example.com/\u0000'],
    ['avatar_url', 'https://example.com/\nx'],
    ['avatar_url', `https://example.com/${'x'.repeat(2000)}`],
    ['metadata', { note: 'a\u0000b' }],
    ['metadata', { note: '\udc00' }],
    ['metadata', { note: 'x'.repeat(16_384) }],
    ['metadata', ['a list']],
    ['metadata', null],
  ])('refuses the %s %j as a value that is none', async (field, value) => {
    const refused = await patch({ [field]: value })
    expect([refused.status, refused.body.error.code]).toEqual([422, 'invalid_fields'])
    expect(gateway.faults).toEqual([])
  })

  it('takes metadata as deep as 32 levels, and not a level deeper', async () => {
    const deep = (levels: number): unknown => (levels === 1 ? {} : { in: deep(levels - 1) })
    expect((await patch({ metadata: deep(32) })).status).toBe(200)
    expect((await patch({ metadata: deep(33) })).status).toBe(422)
    const abyss = `{"metadata":{"in":${'['.repeat(30_000)}${']'.repeat(30_000)}}}`
    expect((await send(abyss)).status).toBe(422)
  })

  it('takes a user name that nobody has, and tells when somebody does', async () => {
    const bob = await aPerson(gateway)
    const bobsToken = (await signedIn(gateway, bob)).access
    const name = `Unique-${site}`
    const answers = await Promise.all(
      [token, bobsToken].map((one) =>
        gateway.call('PATCH', '/api/v1/me', { token: one, json: { username: name.toLowerCase() } }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const answer = await gateway.call('POST', '/api/v1/auth/login', {
      json: { identifier: name, password: ada.password },
    })
    expect(answer.status).toBe(200)
  })

  it('is for people in person', async () => {
    const machine = await gateway.accessToken()
    for (const [method, path, json] of [
      ['PATCH', '/me', {}],
      ['DELETE', '/me', { password: 'x' }],
      ['GET', '/me/export', undefined],
      ['GET', '/me/sessions', undefined],
      ['GET', '/me/sign-ins', undefined],
    ] as const) {
      const answer = await gateway.call(method, `/api/v1${path}`, { token: machine, json })
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 403, 'person_needed'])
      expect((await gateway.call(method, `/api/v1${path}`, { json })).status).toBe(401)
    }
  })
})
