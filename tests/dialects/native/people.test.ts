import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { forgeToken } from '../../hostile/forged-token.ts'
import { basic } from '../../support/call.ts'
import { aPerson, type PersonSeen, signedIn, type TokensSeen, withRole } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let ada: PersonSeen
let tokens: TokensSeen
beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

let site = 0
beforeEach(async () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  ada = await aPerson(gateway)
  tokens = await signedIn(gateway, ada)
})

const me = (token: string) => gateway.call('GET', '/api/v1/me', { token })
const refresh = (token: string) => gateway.call('POST', '/api/v1/auth/refresh', { json: { refresh: token } })
const logout = (token: string, json: object = {}) =>
  gateway.call('POST', '/api/v1/auth/logout', { token, json })
const change = async (assignment: string) => {
  await gateway.database.query(
    `update users set ${assignment}, version = version + 1 where id_user = '${ada.id}'`,
  )
  gateway.memory.people.forget(ada.id)
}

describe('the access token of a person', () => {
  it('names the person, how they signed in, and no key', async () => {
    await withRole(gateway, ada, ['orders:read', 'notes:*'])
    const { access } = await signedIn(gateway, ada)
    const nowSeconds = Math.floor(gateway.world.now().getTime() / 1000)
    expect(decodeProtectedHeader(access).typ).toBe('at+jwt')
    expect(decodeJwt(access)).toEqual({
      iss: 'https://gateway.test',
      sub: ada.id,
      aud: ['https://gateway.test', 'https://orders.test'],
      client_id: 'guichet',
      sid: expect.any(String),
      jti: expect.any(String),
      scope: 'orders:read notes:*',
      aal: 1,
      amr: ['pwd'],
      auth_time: nowSeconds,
      iat: nowSeconds,
      exp: nowSeconds + 1800,
    })
  })

  it('opens what is for everybody, and of the rest what the role permits', async () => {
    expect((await me(tokens.access)).body.data).toMatchObject({
      subject: ada.id,
      client_id: 'guichet',
      key_id: null,
      aal: 1,
      amr: ['pwd'],
      user: { id: ada.id, email: ada.email, role: 'user' },
    })
    const clients = (token: string) => gateway.call('GET', '/api/v1/clients', { token })
    expect((await clients(tokens.access)).status).toBe(403)
    await withRole(gateway, ada, ['keys:read'])
    expect((await clients(tokens.access)).status).toBe(403)
    const { access } = await signedIn(gateway, ada)
    expect((await clients(access)).status).toBe(200)
  })

  it('loses at once what its role loses, and gains nothing before the next token', async () => {
    const role = await withRole(gateway, ada, ['keys:read', 'audit:read'])
    const { access, refresh: text } = await signedIn(gateway, ada)
    const permits = async (token: string) => (await me(token)).body.data.permissions
    expect(await permits(access)).toEqual(['keys:read', 'audit:read'])
    const grant = (permissions: readonly string[]) =>
      gateway.database.query(
        `update role set permissions = '${JSON.stringify(permissions)}' where id_role = '${role}'`,
      )
    await grant(['audit:*', 'users:read'])
    gateway.memory.people.forgetAll()
    expect(await permits(access)).toEqual(['audit:read'])
    const renewed = await refresh(text)
    expect(await permits(renewed.body.data.access)).toEqual(['audit:*', 'users:read'])
  })

  it.each([
    ['disabled', 'disabled_at = now()'],
    ['deleted', 'deleted_at = now()'],
  ])('is dead when its person is %s, as is the refresh token', async (_, assignment) => {
    await change(assignment)
    const dead = await me(tokens.access)
    expect([dead.status, dead.body.error.code]).toEqual([401, 'token_revoked'])
    expect((await refresh(tokens.refresh)).status).toBe(401)
  })

  it('is dead when it is of a time before a cut-off, and one of after is not', async () => {
    gateway.pass(2)
    await change(`not_before = '${gateway.world.now().toISOString()}'`)
    expect((await me(tokens.access)).status).toBe(401)
    expect((await refresh(tokens.refresh)).body.error.code).toBe('session_revoked')
    const { access } = await signedIn(gateway, ada)
    expect((await me(access)).status).toBe(200)
  })

  it('ends with a revocation of all that is the person’s, on every instance', async () => {
    const at = gateway.world.now()
    const revocation = { kind: 'user', subject: ada.id, cutoff: at, createdAt: at, expiresAt: at } as const
    gateway.memory.revocations.apply(revocation)
    expect((await me(tokens.access)).body.error.code).toBe('token_revoked')
  })

  it.each([
    ['has a key beside', { key_id: '4fTz0QpLw8Xc' }],
    ['has an aal that is none', { aal: 3 }],
    ['has an aal of text', { aal: '1' }],
    ['lacks its aal', { aal: undefined }],
    ['lacks its amr', { amr: undefined }],
    ['has an amr that is no list', { amr: 'pwd' }],
    ['has an auth_time of text', { auth_time: '1767225600' }],
    ['has neither key nor person', { aal: undefined, amr: undefined, auth_time: undefined }],
  ])('is refused when it %s', async (_, claims) => {
    const forged = await forgeToken(gateway, tokens.access, { claims })
    expect((await me(forged)).body.error.code).toBe('invalid_token')
  })

  it('serves a person without a row in the database no more', async () => {
    await gateway.database.query(`delete from users where id_user = '${ada.id}'`)
    gateway.memory.people.forget(ada.id)
    expect((await me(tokens.access)).status).toBe(401)
    expect((await refresh(tokens.refresh)).status).toBe(401)
  })

  it('costs the database one look at its person, and none after', async () => {
    gateway.memory.people.forgetAll()
    let looks = 0
    const { findPerson } = gateway.world.store
    const counting: typeof findPerson = (id) => {
      looks++
      return findPerson(id)
    }
    Object.assign(gateway.world.store, { findPerson: counting })
    const token = tokens.access
    for (let time = 0; time < 5; time++) await gateway.call('GET', '/api/v1/nothing', { token })
    Object.assign(gateway.world.store, { findPerson })
    expect(looks).toBe(1)
  })
})

describe('the refresh token of a person', () => {
  it('is replaced at each use, and its person may miss one answer', async () => {
    const first = await refresh(tokens.refresh)
    expect(Object.keys(first.body.data).sort()).toEqual(Object.keys(tokens).sort())
    expect(first.body.data.refresh).not.toBe(tokens.refresh)
    expect(first.body.data.refresh_expire).toBe(tokens.refresh_expire)
    const again = await refresh(tokens.refresh)
    expect(again.body.data.refresh).toBe(first.body.data.refresh)
    expect((await refresh(first.body.data.refresh)).status).toBe(200)
  })

  it('brings one successor to twenty who show it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(tokens.refresh)))
    expect(new Set(answers.map(({ body }) => body.data.refresh)).size).toBe(1)
    expect((await refresh(answers[0]?.body.data.refresh)).status).toBe(200)
  })

  it('that was stolen ends the session when both have used it', async () => {
    const { refresh: second } = (await refresh(tokens.refresh)).body.data
    const { access, refresh: third } = (await refresh(second)).body.data
    const thief = await refresh(tokens.refresh)
    expect([thief.status, thief.body.error.code]).toEqual([401, 'refresh_token_reused'])
    expect((await refresh(third)).body.error.code).toBe('session_revoked')
    expect((await me(access)).body.error.code).toBe('token_revoked')
    const events = await gateway.world.store.listAuditEvents(
      { kind: 'session.end', sessionId: String(decodeJwt(access)['sid']) },
      { limit: 10, before: undefined },
    )
    expect(events).toHaveLength(1)
  })

  it('is over at its end, and not before', async () => {
    const other = await signedIn(gateway, ada)
    gateway.pass(86_398)
    expect((await refresh(other.refresh)).status).toBe(200)
    gateway.pass(2)
    expect((await refresh(tokens.refresh)).body.error.code).toBe('refresh_token_expired')
  })

  it('is good at no other place, nor a machine’s here', async () => {
    const json = { refresh: tokens.refresh }
    expect((await gateway.call('POST', '/api/v1/auth/token/refresh', { json })).status).toBe(401)
    const { client } = await admin()
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh }
    const there = await gateway.call('POST', '/oauth2/token', { form, headers: { Authorization: client } })
    expect([there.status, there.body.error]).toEqual([400, 'invalid_grant'])
    const machine = await gateway.call('POST', '/api/v1/auth/token', { json: { apiKey: gateway.adminKey } })
    expect((await refresh(machine.body.data.refresh)).status).toBe(401)
    expect((await refresh(tokens.refresh)).status).toBe(200)
  })
})

describe('signing out', () => {
  it('ends this session alone, at once', async () => {
    const other = await signedIn(gateway, ada)
    const answer = await logout(tokens.access)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect((await me(tokens.access)).status).toBe(401)
    expect((await refresh(tokens.refresh)).status).toBe(401)
    expect((await me(other.access)).status).toBe(200)
  })

  it('ends all others, or all, and a new session of the same second lives', async () => {
    const others = [await signedIn(gateway, ada), await signedIn(gateway, ada)]
    const bob = await aPerson(gateway)
    const bobs = await signedIn(gateway, bob)
    expect((await logout(tokens.access, { scope: 'others' })).status).toBe(204)
    for (const { access, refresh: text } of others) {
      expect((await me(access)).status).toBe(401)
      expect((await refresh(text)).status).toBe(401)
    }
    expect((await me(tokens.access)).status).toBe(200)
    const again = await signedIn(gateway, ada)
    expect((await logout(again.access, { scope: 'all' })).status).toBe(204)
    for (const { access } of [again, tokens]) expect((await me(access)).status).toBe(401)
    const last = await signedIn(gateway, ada)
    expect((await me(last.access)).status).toBe(200)
    expect((await me(bobs.access)).status).toBe(200)
  })

  it('is told in the audit log, with who and how many', async () => {
    await signedIn(gateway, ada)
    await logout(tokens.access, { scope: 'all' })
    const [event] = await gateway.world.store.listAuditEvents(
      { kind: 'sign-out', userId: ada.id },
      { limit: 10, before: undefined },
    )
    expect(event).toMatchObject({ details: { scope: 'all', sessions: 2 }, target: ada.id })
  })

  it('is for people, and knows no other scope', async () => {
    const machine = await gateway.accessToken()
    const refused = await logout(machine, { scope: 'all' })
    expect([refused.status, refused.body.error.code]).toEqual([403, 'person_needed'])
    expect((await logout(tokens.access, { scope: 'world' })).status).toBe(422)
    expect((await logout(tokens.access, { user_id: ada.id })).status).toBe(422)
    expect((await gateway.call('POST', '/api/v1/auth/logout', { json: {} })).status).toBe(401)
  })

  it('leaves no live token of the session when it meets a refresh, in fifty interleavings', async () => {
    for (let round = 0; round < 50; round++) {
      const own = await signedIn(gateway, ada)
      const [renewed] = await Promise.all([refresh(own.refresh), logout(own.access)])
      expect((await me(own.access)).status).toBe(401)
      if (renewed.status !== 200) continue
      expect((await me(renewed.body.data.access)).status).toBe(401)
      expect((await refresh(renewed.body.data.refresh)).status).toBe(401)
    }
  }, 30_000)
})

const admin = async () => {
  const { body } = await me(await gateway.accessToken())
  return { client: basic(body.data.client_id, gateway.adminKey), id: body.data.client_id }
}

describe('a machine that holds the token of a person', () => {
  it('is told of it at introspection, with no key', async () => {
    const { client } = await admin()
    const introspect = async (token: string) =>
      (
        await gateway.call('POST', '/oauth2/introspect', {
          form: { token },
          headers: { Authorization: client },
        })
      ).body
    expect(await introspect(tokens.access)).toMatchObject({
      active: true,
      sub: ada.id,
      client_id: 'guichet',
      aal: 1,
      amr: ['pwd'],
    })
    expect(await introspect(tokens.access)).not.toHaveProperty('key_id')
    const told = await introspect(tokens.refresh)
    expect(told).toMatchObject({ active: true, sub: ada.id, client_id: 'guichet' })
    expect(told).not.toHaveProperty('key_id')
    await logout(tokens.access)
    expect(await introspect(tokens.access)).toEqual({ active: false })
    expect(await introspect(tokens.refresh)).toEqual({ active: false })
  })

  it('cannot end it as its own', async () => {
    const { client } = await admin()
    for (const token of [tokens.access, tokens.refresh]) {
      const form = { token }
      const answer = await gateway.call('POST', '/oauth2/revoke', {
        form,
        headers: { Authorization: client },
      })
      expect(answer.status).toBe(200)
    }
    expect((await me(tokens.access)).status).toBe(200)
    expect((await refresh(tokens.refresh)).status).toBe(200)
  })

  it('may act for the person by a narrower one, which ends with theirs and manages no account', async () => {
    await withRole(gateway, ada, ['orders:read', 'orders:write'])
    const own = await signedIn(gateway, ada)
    const { client, id } = await admin()
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: own.access,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'orders:read',
    }
    const narrowed = await gateway.call('POST', '/oauth2/token', { form, headers: { Authorization: client } })
    expect(narrowed.status).toBe(200)
    const token = narrowed.body.access_token
    const said = await me(token)
    expect(said.body.data).toMatchObject({ subject: ada.id, client_id: id, permissions: ['orders:read'] })
    expect(said.body.data).not.toHaveProperty('user')
    expect((await logout(token)).body.error.code).toBe('person_needed')
    await logout(own.access)
    expect((await me(token)).status).toBe(401)
  })
})
