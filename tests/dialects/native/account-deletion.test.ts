import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eraseAccounts } from '../../../src/core/accounts/erase-accounts.ts'
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

const day = 86_400

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
  ada = await aPerson(gateway, { username: `ada-${site}`, name: 'Ada', surname: `Lovelace-${site}-` })
  tokens = await signedIn(gateway, ada)
})
afterAll(async () => {
  await other.close()
  await gateway.close()
})

const remove = (token = tokens.access, password = ada.password) =>
  gateway.call('DELETE', '/api/v1/me', { token, json: { password } })
const me = (token: string, at = gateway) => at.call('GET', '/api/v1/me', { token })
const login = (identifier: string) =>
  gateway.call('POST', '/api/v1/auth/login', { json: { identifier, password: ada.password } })
const row = async (id = ada.id) =>
  (await gateway.database.query('select * from users where id_user = $1', [id]))[0]

/** A client of its own for a person, with a key. */
async function ownedKey(): Promise<{
  readonly clientId: string
  readonly apiKey: string
  readonly keyId: string
}> {
  const token = await gateway.accessToken()
  const client = await gateway.call('POST', '/api/v1/clients', {
    token,
    json: { name: `client of ${ada.id}`, permissions: ['orders:read'] },
  })
  const { id: clientId } = client.body.data
  const key = await gateway.call('POST', `/api/v1/clients/${clientId}/keys`, {
    token,
    json: { name: 'a key', permissions: ['orders:read'] },
  })
  await gateway.database.query('update clients set owner_id = $1 where id = $2', [ada.id, clientId])
  return { clientId, apiKey: key.body.data.api_key, keyId: key.body.data.id }
}

describe('deleting the own account', () => {
  it('needs the password, and says until when it can be restored', async () => {
    expect((await remove(tokens.access, 'not the password of it')).status).toBe(403)
    expect((await gateway.call('DELETE', '/api/v1/me', { token: tokens.access })).status).toBe(422)
    expect((await me(tokens.access)).status).toBe(200)
    const deleted = await remove()
    const until = new Date(gateway.world.now().getTime() + 30 * day * 1000).toISOString()
    expect([deleted.status, deleted.body.data]).toEqual([200, { restorable_until: until }])
    const told = (await mailsOf(gateway)).filter(({ to }) => to === ada.email).at(-1)
    expect(told).toMatchObject({ kind: 'account-deleted', facts: { restorableUntil: until } })
  })

  it('ends every session and token at once, on the other instance with the next announcement', async () => {
    const elsewhere = await signedIn(gateway, ada)
    expect((await me(elsewhere.access, other)).status).toBe(200)
    await remove()
    for (const { access, refresh } of [tokens, elsewhere]) {
      expect((await me(access)).body.error.code).toBe('token_revoked')
      const refreshed = await gateway.call('POST', '/api/v1/auth/refresh', { json: { refresh } })
      expect(refreshed.status).toBe(401)
    }
    for (const revocation of await other.world.store.listRevocations(other.world.now(), undefined)) {
      other.memory.revocations.apply(revocation)
    }
    expect((await me(elsewhere.access, other)).body.error.code).toBe('token_revoked')
    expect((await login(ada.email)).body.error.code).toBe('user_deleted')
  })

  it('voids every link', async () => {
    await gateway.call('POST', '/api/v1/auth/password/forgot', { json: { email: ada.email } })
    const wanted = anAddress()
    const json = { email: wanted, password: ada.password }
    await gateway.call('POST', '/api/v1/me/email', { token: tokens.access, json })
    const links = {
      'password/reset': await mailedToken(gateway, 'password-reset', ada.email),
      'email/change/confirm': await mailedToken(gateway, 'email-change', wanted),
    }
    await remove()
    for (const [path, token] of Object.entries(links)) {
      const body = path === 'password/reset' ? { token, password: 'quite another password' } : { token }
      const answer = await gateway.call('POST', `/api/v1/auth/${path}`, { json: body })
      expect([path, answer.body.error.code]).toEqual([path, 'invalid_link'])
    }
  })

  it('ends the clients that the person owns, their keys and their tokens, and nobody else’s', async () => {
    const { apiKey } = await ownedKey()
    const access = await gateway.accessToken(apiKey)
    const refresh = (await gateway.call('POST', '/api/v1/auth/token', { json: { apiKey } })).body.data.refresh
    expect((await me(access)).status).toBe(200)
    await remove()
    expect((await me(access)).status).toBe(401)
    const exchanged = await gateway.call('POST', '/api/v1/auth/token', { json: { apiKey } })
    expect([exchanged.status, exchanged.body.error.code]).toEqual([401, 'client_disabled'])
    const refreshed = await gateway.call('POST', '/api/v1/auth/token/refresh', { json: { refresh } })
    expect(refreshed.status).toBe(401)
    expect((await me(await gateway.accessToken())).status).toBe(200)
  })

  it('keeps the address and the user name for whoever restores it', async () => {
    await remove()
    const register = (json: object) => gateway.call('POST', '/api/v1/auth/register', { json })
    expect((await register({ email: ada.email, password: aPassword })).status).toBe(202)
    expect((await login(ada.email)).body.error.code).toBe('user_deleted')
    const namesake = { email: anAddress(), username: `ADA-${site}`, password: aPassword }
    expect((await register(namesake)).body.error.code).toBe('username_taken')
  })

  it('is done once by twenty who ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => remove()))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    const told = (await mailsOf(gateway)).filter(
      ({ to, kind }) => to === ada.email && kind === 'account-deleted',
    )
    expect(told).toHaveLength(1)
  })

  it('is refused to the last administrator, also to one of two who leave at once', async () => {
    const [admin] = await gateway.database.query(`select id_role from role where name = 'admin'`)
    const bob = await aPerson(gateway)
    await gateway.database.query(
      `update users set role_id = $1 where id_user in ('${ada.id}', '${bob.id}')`,
      [admin?.['id_role']],
    )
    const both = [tokens.access, (await signedIn(gateway, bob)).access]
    const answers = await Promise.all(both.map((token) => remove(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const refused = answers.find(({ status }) => status === 409)
    expect(refused?.body.error.code).toBe('last_admin')
  })
})

describe('the erasure of a deleted account', () => {
  const everything = async () => {
    const tables = await gateway.database.query(
      `select table_name from information_schema.tables where table_schema = 'public'`,
    )
    const rows = await Promise.all(
      tables.map(({ table_name: table }) => gateway.database.query(`select * from "${table}"`)),
    )
    return JSON.stringify(rows)
  }

  it('comes after thirty days and not a second before, and leaves nothing of the person', async () => {
    gateway.comeFrom(`198.51.100.${site}`)
    const { keyId, clientId } = await ownedKey()
    await signedIn(gateway, ada)
    await remove()
    gateway.pass(30 * day)
    expect(await eraseAccounts(gateway.world)).toBe(0)
    expect((await row())?.['email']).toBe(ada.email)
    gateway.pass(1)
    expect(await eraseAccounts(gateway.world)).toBeGreaterThan(0)

    const left = await everything()
    for (const trace of [ada.email, `ada-${site}`, `Lovelace-${site}-`, clientId, keyId]) {
      // The log knows ids, and never a name.
      const found = left.includes(trace)
      const isInLog = JSON.stringify(await gateway.database.query('select * from audit_events')).includes(
        trace,
      )
      expect([trace, found]).toEqual([trace, isInLog && [clientId, keyId].includes(trace)])
    }
    expect(await row()).toMatchObject({
      email: `erased:${ada.id}`,
      username: null,
      password_hash: null,
      name: null,
      metadata: {},
      erased_at: gateway.world.now(),
    })
    const tables = [
      'one_time_tokens',
      'known_devices',
      'factors',
      'recovery_codes',
      'mail_outbox',
      'sessions',
    ]
    for (const table of [...tables, 'sign_ins']) {
      const rows = await gateway.database.query(`select 1 from ${table} where user_id = '${ada.id}'`)
      expect([table, rows]).toEqual([table, []])
    }
    const signIns = await gateway.database.query('select address from sign_ins where address = $1', [
      `198.51.100.${site}`,
    ])
    expect(signIns).toEqual([])
    const [told] = await gateway.database.query(
      `select * from audit_events where kind = 'user.erase' and target = '${ada.id}'`,
    )
    expect(told).toMatchObject({ user_id: null, address: null, details: {} })
    expect((await login(ada.email)).body.error.code).toBe('invalid_credentials')
  })

  it('leaves the living alone, and gives address and user name free', async () => {
    const bob = await aPerson(gateway, { username: `bob-${site}` })
    const before = await row(bob.id)
    await remove()
    gateway.pass(30 * day + 1)
    expect(await Promise.all([eraseAccounts(gateway.world), eraseAccounts(gateway.world)])).toContain(1)
    expect(await eraseAccounts(gateway.world)).toBe(0)
    expect(await row(bob.id)).toEqual(before)
    const again = await aPerson(gateway, { email: ada.email, username: `ada-${site}` })
    expect(again.id).not.toBe(ada.id)
  })
})
