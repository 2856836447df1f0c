import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseRules } from '../../../src/gateway/rules-file.ts'
import { claimsOf } from '../../support/oauth.ts'
import { anAddress, aPerson, type PersonSeen, signedIn, withRole } from '../../support/people.ts'
import { appCode, challengeOf, complete, withApp } from '../../support/second-factor.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

let gateway: TestGateway
let person: PersonSeen

beforeAll(async () => {
  const rules = parseRules(JSON.stringify({ routes: [{ path: '/orders/*' }] }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  gateway = await createTestGateway({ rules: rules.value, trustsPeer: true })
})

afterAll(() => gateway.close())

let site = 0
beforeEach(async () => {
  site++
  gateway.comeFrom(`2001:db8:0:${site.toString(16)}::1`)
  person = await aPerson(gateway)
})

/** Gives the person a role that may read clients and asks for a second factor, or begins to ask with one they have. */
const roleThatAsks = async () => {
  const role = await withRole(gateway, person, ['sessions:read'])
  await ask(role)
  return role
}
const ask = async (role: string, required = true) => {
  await gateway.database.query('update role set second_factor_required = $2 where id_role = $1', [
    role,
    required,
  ])
  gateway.memory.people.forget(person.id)
}
const get = (path: string, token: string) => gateway.call('GET', path, { token })
const refusedFor = async (path: string, token: string) => {
  const { status, body } = await get(path, token)
  return [status, body.error?.code, body.error?.details?.[0].field]
}

describe('somebody whose role asks for a second factor, and who has none', () => {
  it('signs in to set one up and for nothing else, and then signs in with it', async () => {
    await roleThatAsks()
    const { access, refresh } = await signedIn(gateway, person)
    expect([claimsOf(access)['scope'], claimsOf(access)['aal']]).toEqual(['', 1])
    for (const path of ['/api/v1/sessions', '/api/v1/nope', '/nope', '/api/v1/audit']) {
      expect([path, ...(await refusedFor(path, access))]).toEqual([
        path,
        403,
        'second_factor_required',
        'aal',
      ])
    }
    const refreshed = await gateway.call('POST', '/api/v1/auth/refresh', { json: { refresh } })
    expect(claimsOf(refreshed.body.data.access)['scope']).toBe('')
    expect((await refusedFor('/api/v1/sessions', refreshed.body.data.access))[0]).toBe(403)
    expect((await get('/api/v1/me', access)).status).toBe(200)
    expect((await get('/api/v1/me/factors/', access)).status).toBe(200)

    const app = await withApp(gateway, person, access)
    expect((await refusedFor('/api/v1/sessions', access))[0]).toBe(403)
    const challenge = await challengeOf(gateway, person)
    const tokens = (await complete(gateway, { challenge, code: appCode(gateway, app.secret) })).body.data
    expect([claimsOf(tokens.access)['scope'], claimsOf(tokens.access)['aal']]).toEqual(['sessions:read', 2])
    expect((await get('/api/v1/sessions', tokens.access)).status).toBe(200)
  })

  it('can sign out, and change nothing of the account', async () => {
    await roleThatAsks()
    const { access } = await signedIn(gateway, person)
    const calls = [
      ['PATCH', '/api/v1/me'],
      ['DELETE', '/api/v1/me'],
      ['POST', '/api/v1/me/recovery-codes'],
      ['DELETE', `/api/v1/me/factors/${crypto.randomUUID()}`],
    ] as const
    for (const [method, path] of calls) {
      const answer = await gateway.call(method, path, { token: access, json: {} })
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 403, 'second_factor_required'])
    }
    expect((await gateway.call('POST', '/api/v1/auth/logout', { token: access, json: {} })).status).toBe(204)
    expect((await get('/api/v1/me', access)).status).toBe(401)
  })

  it('gets to no API behind the gateway, though any token would do there', async () => {
    const role = await withRole(gateway, person, [])
    const { access } = await signedIn(gateway, person)
    const headers = {
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Host': 'a.test',
      'X-Forwarded-Uri': '/orders/7',
    }
    const asked = () => gateway.call('GET', '/authz/forward-auth', { token: access, headers })
    expect((await asked()).status).toBe(200)
    await ask(role)
    const refused = await asked()
    expect([refused.status, refused.body.error.code]).toEqual([403, 'second_factor_required'])
  })

  it('is to introspection as good as nobody', async () => {
    await roleThatAsks()
    const { access } = await signedIn(gateway, person)
    const token = await gateway.accessToken()
    const answer = await gateway.call('POST', '/oauth2/introspect', { token, form: { token: access } })
    expect(answer.body).toEqual({ active: false })
  })
})

describe('a role', () => {
  it('that begins to ask closes the sessions of one factor at once, and opens them when it stops', async () => {
    const role = await withRole(gateway, person, ['sessions:read'])
    const { access } = await signedIn(gateway, person)
    expect((await get('/api/v1/sessions', access)).status).toBe(200)
    await ask(role)
    expect((await refusedFor('/api/v1/sessions', access))[1]).toBe('second_factor_required')
    await ask(role, false)
    expect((await get('/api/v1/sessions', access)).status).toBe(200)
  })

  it('leaves a session of two factors as it was', async () => {
    const role = await withRole(gateway, person, ['sessions:read'])
    const app = await withApp(gateway, person, (await signedIn(gateway, person)).access)
    const challenge = await challengeOf(gateway, person)
    const { access } = (await complete(gateway, { challenge, code: appCode(gateway, app.secret) })).body.data
    await ask(role)
    expect((await get('/api/v1/sessions', access)).status).toBe(200)
  })

  it('asks by the operator’s list as well', async () => {
    const strict = await createTestGateway({
      policy: { accounts: { ...testPolicy.accounts, secondFactorRoles: ['user'] } },
    })
    try {
      const someone = await aPerson(strict)
      const { access } = await signedIn(strict, someone)
      const answer = await strict.call('GET', '/api/v1/sessions', { token: access })
      expect([answer.status, answer.body.error.code]).toEqual([403, 'second_factor_required'])
    } finally {
      await strict.close()
    }
  })

  it('lets a password of eight characters do where it asks, and nowhere else', async () => {
    const strict = await createTestGateway({
      policy: { accounts: { ...testPolicy.accounts, secondFactorRoles: ['user'] } },
    })
    const registered = async (at: TestGateway, password: string) => {
      const json = { email: anAddress(), password }
      const { status, body } = await at.call('POST', '/api/v1/auth/register', { json })
      return status === 202 ? 'good' : body.error.details[0].code
    }
    try {
      expect(await registered(strict, 'kq7vwz2')).toBe('too_short')
      expect(await registered(strict, 'kq7vwz2m')).toBe('good')
      expect(await registered(gateway, 'kq7vwz2mkq7vwz')).toBe('too_short')
      expect(await registered(gateway, 'kq7vwz2mkq7vwz2')).toBe('good')
    } finally {
      await strict.close()
    }
  })

  it('asks nothing of machines', async () => {
    expect((await get('/api/v1/sessions', await gateway.accessToken())).status).toBe(200)
  })
})
