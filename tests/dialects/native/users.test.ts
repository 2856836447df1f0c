import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  anAddress,
  aPassword,
  aPerson,
  mailedToken,
  mailsOf,
  type PersonSeen,
  signedIn,
  withRole,
} from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let admin: string
let ada: PersonSeen

beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

let site = 0
beforeEach(async () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  admin = await gateway.accessToken()
  ada = await aPerson(gateway)
})

const users = (method: string, path = '', json?: unknown, token = admin) =>
  gateway.call(method, `/api/v1/users${path}`, { token, json })
const code = ({ status, body }: { status: number; body: { error?: { code: string } } }) =>
  `${status} ${body?.error?.code ?? ''}`.trim()
const login = async (identifier: string, password = aPassword) =>
  code(await gateway.call('POST', '/api/v1/auth/login', { json: { identifier, password } }))
const me = async (token: string) => code(await gateway.call('GET', '/api/v1/me', { token }))
const refresh = async (token: string) =>
  code(await gateway.call('POST', '/api/v1/auth/refresh', { json: { refresh: token } }))

describe('users', () => {
  it('are listed in pages, oldest first', async () => {
    await aPerson(gateway)
    const seen: string[] = []
    let cursor = ''
    do {
      const { body } = await users('GET', `?limit=1${cursor}`)
      seen.push(...body.data.items.map(({ id }: { id: string }) => id))
      cursor = body.data.next_cursor === null ? '' : `&cursor=${body.data.next_cursor}`
    } while (cursor !== '')
    const rows = await gateway.database.query('select id_user from users order by created_at, id_user')
    expect(seen).toEqual(rows.map((row) => row['id_user']))
  })

  it('are found by their exact address, however it is written', async () => {
    const found = await users('GET', `?email=${encodeURIComponent(ada.email.toUpperCase())}`)
    expect(found.body.data.items).toMatchObject([
      { id: ada.id, email: ada.email, role: 'user', state: 'active' },
    ])
    for (const none of ['@', ada.email.slice(1), '%25', `${ada.email}'`]) {
      expect((await users('GET', `?email=${none}`)).body.data).toEqual({ items: [], next_cursor: null })
    }
  })

  it('tell nobody of a password', async () => {
    const { body, text } = await users('GET', `/${ada.id}`)
    expect(Object.keys(body.data).filter((name) => /hash|secret|digest/.test(name))).toEqual([])
    expect(text).not.toContain('argon2')
  })

  it('are not there for an id that is nobody’s, nor when they were erased', async () => {
    expect(code(await users('GET', `/${crypto.randomUUID()}`))).toBe('404 user_not_found')
    expect(code(await users('GET', '/none'))).toBe('422 invalid_fields')
    await gateway.database.query(
      `update users set deleted_at = now(), erased_at = now() where id_user = '${ada.id}'`,
    )
    expect(code(await users('GET', `/${ada.id}`))).toBe('404 user_not_found')
    expect(code(await users('POST', `/${ada.id}/restore`))).toBe('404 user_not_found')
  })

  it('ask for a permission to be read, and for another to be written', async () => {
    await withRole(gateway, ada, ['users:read'])
    const reader = (await signedIn(gateway, ada)).access
    const other = await aPerson(gateway)
    for (const path of ['', `/${other.id}`, `/${other.id}/sessions`, `/${other.id}/sign-ins`]) {
      expect((await users('GET', path, undefined, reader)).status).toBe(200)
    }
    const writes = ['disable', 'enable', 'restore', 'password-reset'].map(
      (verb) => ['POST', `/${other.id}/${verb}`] as const,
    )
    for (const [method, path] of [
      ...writes,
      ['POST', ''],
      ['POST', '/invite'],
      ['PATCH', `/${other.id}`],
      ['DELETE', `/${other.id}`],
      ['DELETE', `/${other.id}/sessions`],
      ['DELETE', `/${other.id}/factors`],
    ] as const) {
      expect(code(await users(method, path, {}, reader))).toBe('403 insufficient_permissions')
    }
    const plain = (await signedIn(gateway, other)).access
    expect(code(await users('GET', '', undefined, plain))).toBe('403 insufficient_permissions')
  })
})

describe('a user that is created', () => {
  it('signs in at once where the address is vouched for', async () => {
    const email = anAddress()
    const created = await users('POST', '', {
      email: email.toUpperCase(),
      password: aPassword,
      username: 'Grace.H',
      name: 'Grace',
      email_confirmed: true,
      metadata: { team: 'ops' },
    })
    expect(created.status).toBe(201)
    expect(created.body.data).toMatchObject({
      email,
      username: 'Grace.H',
      name: 'Grace',
      role: 'user',
      state: 'active',
      metadata: { team: 'ops' },
      email_confirmed_at: expect.any(String),
    })
    expect(await login('grace.h')).toBe('200')
    expect((await mailsOf(gateway)).filter(({ to }) => to === email)).toEqual([])
  })

  it('is asked to confirm the address where nobody vouches for it', async () => {
    const email = anAddress()
    await users('POST', '', { email, password: aPassword })
    expect(await login(email)).toBe('403 email_unconfirmed')
    const token = await mailedToken(gateway, 'email-confirm', email)
    await gateway.call('POST', '/api/v1/auth/email/confirm', { json: { token } })
    expect(await login(email)).toBe('200')
  })

  it('cannot sign in without a password', async () => {
    const email = anAddress()
    const created = await users('POST', '', { email })
    expect(created.body.data).toMatchObject({ state: 'invited' })
    expect(await login(email)).toBe('401 invalid_credentials')
    expect(await login(email, '')).toBe('401 invalid_credentials')
  })

  it('has an address and a name that nobody else has', async () => {
    expect(code(await users('POST', '', { email: ada.email }))).toBe('409 email_taken')
    const username = `name${site}`
    expect((await users('POST', '', { email: anAddress(), username })).status).toBe(201)
    const again = { email: anAddress(), username: username.toUpperCase() }
    expect(code(await users('POST', '', again))).toBe('409 username_taken')
  })

  it('is one of fifty who are created with one address at once', async () => {
    const email = anAddress()
    const asked = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        users('POST', '', { email: index % 2 === 0 ? email : email.toUpperCase() }),
      ),
    )
    expect(asked.map(code).sort()).toEqual(['201', ...Array(49).fill('409 email_taken')])
  })

  it.each([
    [{ email: 'no address' }, '422 invalid_fields'],
    [{ email: 'a@example.com\r\nBcc: b@example.com' }, '422 invalid_fields'],
    [{ email: 'a@example.com', username: 'a b' }, '422 invalid_fields'],
    [{ email: 'a@example.com', password: 'short' }, '422 password_unacceptable'],
    [{ email: 'a@example.com', role: 'no-such-role' }, '404 role_not_found'],
    [{ email: 'a@example.com', id: crypto.randomUUID() }, '422 invalid_fields'],
    [{ email: 'a@example.com', password_hash: '$argon2id$' }, '422 invalid_fields'],
    [{ email: 'a@example.com', role_id: crypto.randomUUID() }, '422 invalid_fields'],
    [{ email: 'a@example.com', metadata: { big: 'x'.repeat(17_000) } }, '422 invalid_fields'],
  ])('is refused as %j', async (json, refusal) => {
    expect(code(await users('POST', '', json))).toBe(refusal)
  })
})

describe('a user whose profile an administrator changes', () => {
  it('has what was named, and without what was emptied', async () => {
    await users('PATCH', `/${ada.id}`, { name: 'Ada', surname: 'Byron', username: 'ada.byron', locale: 'fr' })
    const changed = await users('PATCH', `/${ada.id}`, { surname: null, phone: '+33 1 23 45 67 89' })
    expect(changed.body.data).toMatchObject({
      name: 'Ada',
      surname: null,
      username: 'ada.byron',
      locale: 'fr',
      phone: '+33 1 23 45 67 89',
    })
    expect((await users('PATCH', `/${ada.id}`, {})).body.data).toEqual(changed.body.data)
  })

  it.each([
    'email',
    'id',
    'password_hash',
    'email_confirmed_at',
    'version',
    'deleted_at',
    'must_reset_password',
  ])('keeps its %s', async (field) => {
    expect(code(await users('PATCH', `/${ada.id}`, { [field]: null }))).toBe('422 invalid_fields')
  })

  it('keeps the name that another one has', async () => {
    const other = await aPerson(gateway, { username: `taken${site}` })
    expect(other.id).not.toBe('')
    expect(code(await users('PATCH', `/${ada.id}`, { username: `TAKEN${site}` }))).toBe('409 username_taken')
  })
})

describe('a disabled user', () => {
  it('is out at once, and back when enabled, with sessions that stay ended', async () => {
    const tokens = await signedIn(gateway, ada)
    const disabled = await users('POST', `/${ada.id}/disable`)
    expect(disabled.body.data).toMatchObject({ state: 'disabled', disabled_at: expect.any(String) })
    expect(await me(tokens.access)).toBe('401 token_revoked')
    expect(await refresh(tokens.refresh)).toBe('401 session_revoked')
    expect(await login(ada.email)).toBe('401 user_disabled')
    expect((await users('POST', `/${ada.id}/disable`)).body.data).toEqual(disabled.body.data)
    gateway.pass(1)
    expect((await users('POST', `/${ada.id}/enable`)).body.data).toMatchObject({ state: 'active' })
    expect(await me(tokens.access)).toBe('401 token_revoked')
    expect(await refresh(tokens.refresh)).toBe('401 session_revoked')
    expect(await me((await signedIn(gateway, ada)).access)).toBe('200')
  })
})

describe('a user whom an administrator deletes', () => {
  it('is out at once, is told, and can be restored for thirty days', async () => {
    const tokens = await signedIn(gateway, ada)
    expect((await users('DELETE', `/${ada.id}`)).status).toBe(204)
    expect((await users('DELETE', `/${ada.id}`)).status).toBe(204)
    expect(await me(tokens.access)).toBe('401 token_revoked')
    expect(await refresh(tokens.refresh)).toBe('401 session_revoked')
    expect(await login(ada.email)).toBe('401 user_deleted')
    expect(code(await users('POST', '', { email: ada.email }))).toBe('409 email_taken')
    for (const verb of ['disable', 'enable', 'password-reset']) {
      expect(code(await users('POST', `/${ada.id}/${verb}`))).toBe('409 user_not_current')
    }
    expect(code(await users('PATCH', `/${ada.id}`, { name: 'Ada' }))).toBe('409 user_not_current')
    gateway.pass(30 * 86_400 - 1)
    admin = await gateway.accessToken()
    const restored = await users('POST', `/${ada.id}/restore`)
    expect(restored.body.data).toMatchObject({ state: 'active', deleted_at: null })
    expect(await login(ada.email)).toBe('200')
    const mails = (await mailsOf(gateway)).filter(({ to }) => to === ada.email).map(({ kind }) => kind)
    expect(mails.filter((kind) => kind.startsWith('account-'))).toEqual([
      'account-deleted',
      'account-restored',
    ])
  })

  it('is not restored after the thirty days, nor where nobody deleted them', async () => {
    expect(code(await users('POST', `/${ada.id}/restore`))).toBe('409 user_not_current')
    await users('DELETE', `/${ada.id}`)
    gateway.pass(30 * 86_400)
    admin = await gateway.accessToken()
    expect(code(await users('POST', `/${ada.id}/restore`))).toBe('409 user_not_current')
  })
})

describe('a password that an administrator ends', () => {
  it('ends the sessions, lets nobody in, and is followed by a link', async () => {
    const tokens = await signedIn(gateway, ada)
    const forced = await users('POST', `/${ada.id}/password-reset`)
    expect(forced.body.data).toMatchObject({ must_reset_password: true })
    expect(await me(tokens.access)).toBe('401 token_revoked')
    expect(await login(ada.email)).toBe('403 password_reset_due')
    const link = await mailedToken(gateway, 'password-reset', ada.email)
    const password = 'another one of enough letters'
    await gateway.call('POST', '/api/v1/auth/password/reset', { json: { token: link, password } })
    expect([await login(ada.email), await login(ada.email, password)]).toEqual([
      '401 invalid_credentials',
      '200',
    ])
  })

  it('is none of somebody who has not got one yet', async () => {
    const { id } = (await users('POST', '', { email: anAddress() })).body.data
    expect(code(await users('POST', `/${id}/password-reset`))).toBe('409 user_not_current')
  })
})

describe('the sessions of a user', () => {
  it('are listed, and end together', async () => {
    const [first, second] = [await signedIn(gateway, ada), await signedIn(gateway, ada)]
    const listed = await users('GET', `/${ada.id}/sessions`)
    expect(listed.body.data.items).toHaveLength(2)
    expect(listed.body.data.items[0]).toMatchObject({ address: `203.0.113.${site}`, aal: 1, amr: ['pwd'] })
    expect(listed.text).not.toMatch(/digest/)
    expect((await users('DELETE', `/${ada.id}/sessions`)).status).toBe(204)
    expect([await me(first.access), await me(second.access)]).toEqual(Array(2).fill('401 token_revoked'))
    expect((await users('GET', `/${ada.id}/sessions`)).body.data.items).toEqual([])
    expect(await login(ada.email)).toBe('200')
  })
})

describe('the sign-ins of a user', () => {
  it('are listed in pages, newest first, also those that came to nothing', async () => {
    await signedIn(gateway, ada)
    gateway.pass(1)
    await login(ada.email, 'not the password of it')
    const first = await users('GET', `/${ada.id}/sign-ins?limit=1`)
    expect(first.body.data.items).toMatchObject([{ method: 'password', outcome: 'wrong' }])
    const next = await users('GET', `/${ada.id}/sign-ins?limit=1&cursor=${first.body.data.next_cursor}`)
    expect(next.body.data).toMatchObject({
      items: [{ method: 'password', outcome: 'success' }],
      next_cursor: null,
    })
    expect(code(await users('GET', `/${crypto.randomUUID()}/sign-ins`))).toBe('404 user_not_found')
    expect(code(await users('GET', `/${ada.id}/sign-ins?cursor=none`))).toBe('400 invalid_request')
  })
})
