import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseRules } from '../../../src/gateway/rules-file.ts'
import { basic } from '../../support/call.ts'
import { oauthClient } from '../../support/oauth.ts'
import { aPassword, aPerson, type PersonSeen, signedIn, withRole } from '../../support/people.ts'
import { withApp } from '../../support/second-factor.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let admin: string
let ada: PersonSeen
let role: string
let token: string

beforeAll(async () => {
  const routes = [{ path: '/*', credentials: ['api_key'], permissions: ['orders:read'] }]
  const rules = parseRules(JSON.stringify({ routes }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  gateway = await createTestGateway({ rules: rules.value, trustsPeer: true })
})
afterAll(() => gateway.close())

let site = 0
beforeEach(async () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  admin = await gateway.accessToken()
  ada = await aPerson(gateway)
  role = await withRole(gateway, ada, ['keys:own', 'orders:*', 'sessions:read'])
  token = (await signedIn(gateway, ada)).access
})

const own = (method: string, path = '', json?: unknown, by = token) =>
  gateway.call(method, `/api/v1/me/keys${path}`, { token: by, json })
const issue = (json: object, by = token) => own('POST', '', { password: aPassword, ...json }, by)
const asAdmin = (method: string, path: string, json?: unknown) =>
  gateway.call(method, `/api/v1${path}`, { token: admin, json })
const aKey = async (permissions = ['orders:*', 'sessions:read']) =>
  (await issue({ name: 'laptop', permissions })).body.data as {
    id: string
    client_id: string
    api_key: string
  }
const code = ({ status, body }: { status: number; body: { error?: { code: string } } }) =>
  `${status} ${body?.error?.code ?? ''}`.trim()
const exchange = (apiKey: string, narrowing = {}) =>
  gateway.call('POST', '/api/v1/auth/token', { json: { apiKey, ...narrowing } })
const refresh = (refreshToken: string) =>
  gateway.call('POST', '/api/v1/auth/token/refresh', { json: { refresh: refreshToken } })
const sessions = async (access: string) =>
  code(await gateway.call('GET', '/api/v1/sessions', { token: access }))
const scopeOf = (access: string): string => JSON.parse(atob(access.split('.')[1] ?? '')).scope
/** A call to an API behind the gateway, made with the key itself. */
const byKey = async (apiKey: string) => {
  const { status } = await gateway.call('GET', '/authz/forward-auth', {
    headers: {
      'X-API-Key': apiKey,
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Host': 'api.test',
      'X-Forwarded-Uri': '/orders/7',
    },
  })
  return status
}

describe('a key of one’s own', () => {
  it('is issued, listed and revoked by its owner', async () => {
    const made = await issue({ name: 'laptop', permissions: ['orders:read'] })
    expect(made.status).toBe(201)
    const { api_key: apiKey, ...key } = made.body.data
    const tokens = await exchange(apiKey)
    expect(scopeOf(tokens.body.data.access)).toBe('orders:read')
    gateway.pass(1)
    const second = await aKey()
    expect(second.client_id).toBe(key.client_id)
    const listed = await own('GET', '?limit=1')
    expect(listed.body.data.items).toEqual([key])
    const next = await own('GET', `?cursor=${listed.body.data.next_cursor}`)
    expect(next.body.data.items.map(({ id }: { id: string }) => id)).toEqual([second.id])
    expect((await own('DELETE', `/${key.id}`)).body.data).toMatchObject({ state: 'revoked' })
    expect(code(await exchange(apiKey))).toBe('401 api_key_revoked')
    expect(await sessions(tokens.body.data.access)).toBe('401 token_revoked')
  })

  it('hangs on one client, also when the first two are made at once', async () => {
    const made = await Promise.all(Array.from({ length: 2 }, () => aKey()))
    expect(new Set(made.map(({ client_id: id }) => id)).size).toBe(1)
    const rows = await gateway.database.query(`select id from clients where owner_id = '${ada.id}'`)
    expect(rows).toHaveLength(1)
  })

  it('is not made by a stolen token alone: the password is asked for again, and guesses are counted', async () => {
    const wanted = { name: 'x', permissions: ['orders:read'] }
    expect(code(await own('POST', '', wanted))).toBe('422 invalid_fields')
    for (let time = 0; time < 5; time++) {
      const refused = await issue({ ...wanted, password: 'not the password of it' })
      expect([code(refused), refused.body.error.details[0].field]).toEqual([
        '403 reauthentication_failed',
        'password',
      ])
    }
    expect(code(await issue(wanted))).toBe('429 login_delayed')
    expect((await own('GET')).body.data.items).toEqual([])
    gateway.pass(1)
    expect((await issue(wanted)).status).toBe(201)
  })

  it('is not made in a session of one factor where a second one counts', async () => {
    await withApp(gateway, ada, token)
    const refused = await issue({ name: 'x', permissions: ['orders:read'] })
    expect(code(refused)).toBe('403 second_factor_required')
  })

  it('is answered again to the same Idempotency-Key, and to nobody who lacks the password', async () => {
    const json = { name: 'laptop', permissions: ['orders:read'] }
    const repeat = (password: string) =>
      gateway.call('POST', '/api/v1/me/keys', {
        token,
        json: { ...json, password },
        headers: { 'Idempotency-Key': 'once' },
      })
    const [first, again] = [await repeat(aPassword), await repeat(aPassword)]
    expect([first.status, again.body.data]).toEqual([201, first.body.data])
    expect(code(await repeat('not the password of it'))).toBe('403 reauthentication_failed')
  })

  it('is one of twenty that live; those that are revoked or over leave room', async () => {
    const wanted = { name: 'x', permissions: ['orders:read'] }
    const { id } = await aKey()
    const expiresAt = new Date(gateway.world.now().getTime() + 1000).toISOString()
    await issue({ ...wanted, expires_at: expiresAt })
    for (let made = 2; made < 20; made++) expect((await issue(wanted)).status).toBe(201)
    const refused = await issue(wanted)
    expect([code(refused), refused.body.error.details]).toEqual([
      '409 own_keys_too_many',
      [{ field: '', message: 'At most 20.' }],
    ])
    await own('DELETE', `/${id}`)
    expect([code(await issue(wanted)), code(await issue(wanted))]).toEqual(['201', '409 own_keys_too_many'])
    gateway.pass(1)
    expect([code(await issue(wanted)), code(await issue(wanted))]).toEqual(['201', '409 own_keys_too_many'])
  })

  it('is given no more than its owner may', async () => {
    for (const permissions of [['*'], ['orders:read', 'users:read'], ['keys:*']]) {
      const refused = await issue({ name: 'x', permissions })
      expect([permissions, code(refused)]).toEqual([permissions, '403 permissions_not_held'])
    }
  })

  it.each([
    ['owner_id', crypto.randomUUID()],
    ['user_id', crypto.randomUUID()],
    ['client_id', crypto.randomUUID()],
    ['rate_limit', { limit: 1000, window_seconds: 1 }],
    ['quota', 1_000_000],
    ['canary', true],
    ['metadata', {}],
  ])('leaves %s to others', async (field, value) => {
    const refused = await issue({ name: 'x', permissions: [], [field]: value })
    expect(code(refused)).toBe('422 invalid_fields')
    expect((await own('GET')).body.data.items).toEqual([])
  })

  it('is for people who may have some, by a token of their own', async () => {
    const bob = await aPerson(gateway)
    const plain = (await signedIn(gateway, bob)).access
    expect(code(await issue({ name: 'x', permissions: [] }, plain))).toBe('403 insufficient_permissions')
    expect(code(await issue({ name: 'x', permissions: [] }, admin))).toBe('403 person_needed')
    const { api_key: apiKey } = await aKey(['keys:own'])
    const machine = (await exchange(apiKey)).body.data.access
    expect(code(await own('GET', '', undefined, machine))).toBe('403 person_needed')
  })

  it('of somebody else is not there', async () => {
    const { id } = await aKey()
    const bob = await aPerson(gateway)
    await withRole(gateway, bob, ['keys:own'])
    const bobs = (await signedIn(gateway, bob)).access
    expect(code(await own('DELETE', `/${id}`, undefined, bobs))).toBe('404 key_not_found')
    expect((await own('GET', '', undefined, bobs)).body.data.items).toEqual([])
    const operators = await asAdmin('GET', '/clients')
    const [{ id: adminClient }] = operators.body.data.items
    const [adminKey] = (await asAdmin('GET', `/clients/${adminClient}/keys`)).body.data.items
    expect(code(await own('DELETE', `/${adminKey.id}`, undefined, bobs))).toBe('404 key_not_found')
  })
})

describe('the key of somebody', () => {
  it('may do no more than its owner may at that moment', async () => {
    const { api_key: apiKey } = await aKey()
    const tokens = (await exchange(apiKey)).body.data
    expect([await sessions(tokens.access), await byKey(apiKey)]).toEqual(['200', 200])
    await asAdmin('PATCH', `/roles/${role}`, { permissions: ['keys:own', 'orders:write'] })
    expect([await sessions(tokens.access), await byKey(apiKey)]).toEqual([
      '403 insufficient_permissions',
      403,
    ])
    expect(scopeOf((await exchange(apiKey)).body.data.access)).toBe('orders:write')
    expect(scopeOf((await refresh(tokens.refresh)).body.data.access)).toBe('orders:write')
    await asAdmin('PATCH', `/users/${ada.id}`, { role: 'user' })
    expect(scopeOf((await exchange(apiKey)).body.data.access)).toBe('')
    const name = `helpers-${site}`
    await asAdmin('PATCH', `/roles/${role}`, { name, permissions: ['sessions:*', 'orders:read'] })
    await asAdmin('PATCH', `/users/${ada.id}`, { role: name })
    expect([await sessions(tokens.access), await byKey(apiKey)]).toEqual(['200', 200])
  })

  it.each([
    ['disabled', ['POST', '/disable'], ['POST', '/enable']],
    ['deleted', ['DELETE', ''], ['POST', '/restore']],
  ] as const)('is refused at once while its owner is %s, and back with them', async (_, out, back) => {
    const { api_key: apiKey } = await aKey()
    const tokens = (await exchange(apiKey)).body.data
    const narrowed = (await exchange(apiKey, { permissions: ['sessions:read'] })).body.data.access
    await asAdmin(out[0], `/users/${ada.id}${out[1]}`)
    expect([await sessions(tokens.access), await sessions(narrowed)]).toEqual([
      '401 token_revoked',
      '401 token_revoked',
    ])
    expect(await byKey(apiKey)).toBe(401)
    expect(code(await exchange(apiKey))).toBe('401 client_disabled')
    expect(code(await refresh(tokens.refresh))).toBe('401 client_disabled')
    await asAdmin(back[0], `/users/${ada.id}${back[1]}`)
    expect([await sessions(tokens.access), await byKey(apiKey)]).toEqual(['200', 200])
    expect([code(await exchange(apiKey)), code(await refresh(tokens.refresh))]).toEqual(['200', '200'])
  })

  it('is one that an administrator makes on a client of theirs, too', async () => {
    const client = await asAdmin('POST', '/clients', {
      name: `bot ${site}`,
      permissions: ['orders:read', 'users:read'],
      owner_id: ada.id,
    })
    expect(client.body.data).toMatchObject({ owner_id: ada.id, permissions: ['orders:read', 'users:read'] })
    const made = await asAdmin('POST', `/clients/${client.body.data.id}/keys`, { name: 'bot' })
    expect(scopeOf((await exchange(made.body.data.api_key)).body.data.access)).toBe('orders:read')
    expect((await own('GET')).body.data.items).toMatchObject([{ id: made.body.data.id }])
    expect((await own('DELETE', `/${made.body.data.id}`)).status).toBe(200)
  })

  it('is bounded by its owner at the other face too, by whatever grant and whoever asks', async () => {
    const { id: keyId, client_id: id, api_key: apiKey } = await aKey()
    const client = oauthClient(gateway, { id, keyId, apiKey })
    const opened = await client.tokens({ scope: 'offline_access orders:read sessions:read' })
    const asked = async (shown: string) =>
      (
        await gateway.call('POST', '/oauth2/introspect', {
          form: { token: shown },
          headers: { Authorization: basic(gateway.adminKey.slice(3, 15), gateway.adminKey) },
        })
      ).body
    await asAdmin('PATCH', `/roles/${role}`, { permissions: ['orders:read'] })
    expect(await asked(opened.access_token)).toMatchObject({ active: true, scope: 'orders:read' })
    expect(await asked(opened.refresh_token)).toMatchObject({ active: true, scope: 'orders:read' })
    const rotated = (await client.refresh(opened.refresh_token)).body
    expect(rotated).toMatchObject({ scope: 'orders:read' })
    await asAdmin('POST', `/users/${ada.id}/disable`)
    expect(await asked(rotated.access_token)).toEqual({ active: false })
    expect(await asked(rotated.refresh_token)).toEqual({ active: false })
    expect((await client.refresh(rotated.refresh_token)).status).toBe(401)
  })

  it('is none on a client of somebody who is not there', async () => {
    const order = { name: `none ${site}`, permissions: [] }
    expect(code(await asAdmin('POST', '/clients', { ...order, owner_id: crypto.randomUUID() }))).toBe(
      '404 user_not_found',
    )
    await asAdmin('DELETE', `/users/${ada.id}`)
    expect(code(await asAdmin('POST', '/clients', { ...order, owner_id: ada.id }))).toBe('404 user_not_found')
  })
})
