import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { aPerson, type PersonSeen, signedIn } from '../support/people.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const routes = [
  { path: '/orders/*', methods: ['GET'], permissions: ['orders:read'] },
  { name: 'delete', path: '/orders/*', methods: ['DELETE'], permissions: ['orders:read', 'orders:delete'] },
  { path: '/open/*' },
]

let gateway: TestGateway
let admin: string

beforeAll(async () => {
  const rules = parseRules(JSON.stringify({ routes }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  gateway = await createTestGateway({ rules: rules.value, trustsPeer: true })
  admin = await gateway.accessToken()
})
afterAll(() => gateway.close())

let roles = 0
const somebody = async (permissions: readonly string[]) => {
  const person = await aPerson(gateway)
  const name = `role-${++roles}`
  const json = { name, permissions }
  await gateway.call('POST', '/api/v1/roles', { token: admin, json })
  await give(person, name)
  return { person, token: (await signedIn(gateway, person)).access }
}
const give = (person: PersonSeen, role: string) =>
  gateway.call('PATCH', `/api/v1/users/${person.id}`, { token: admin, json: { role } })
const ask = async (token: string, path: string, method = 'GET') => {
  const { status, headers } = await gateway.call('GET', '/authz/forward-auth', {
    token,
    headers: { 'X-Forwarded-Method': method, 'X-Forwarded-Host': 'api.test', 'X-Forwarded-Uri': path },
  })
  return { status, subject: headers.get('x-auth-subject'), scope: headers.get('x-auth-scope') }
}

describe('a rule with permissions', () => {
  it('admits a person whose role has them, by name or by wildcard, and tells of the person', async () => {
    for (const permissions of [['orders:read'], ['orders:*'], ['*']]) {
      const { person, token } = await somebody(permissions)
      expect(await ask(token, '/orders/7')).toEqual({
        status: 200,
        subject: person.id,
        scope: permissions.join(' '),
      })
    }
  })

  it('refuses a person whose role lacks one of them', async () => {
    const { token } = await somebody(['orders:read'])
    expect((await ask(token, '/orders/7', 'DELETE')).status).toBe(403)
    const { token: other } = await somebody(['invoices:*'])
    expect((await ask(other, '/orders/7')).status).toBe(403)
    expect((await ask(other, '/open/7')).status).toBe(200)
  })

  it('refuses from the moment that another role is given, by the token that was good before', async () => {
    const { person, token } = await somebody(['orders:read'])
    expect((await ask(token, '/orders/7')).status).toBe(200)
    await give(person, 'user')
    expect((await ask(token, '/orders/7')).status).toBe(403)
    expect(await ask(token, '/open/7')).toEqual({ status: 200, subject: person.id, scope: '' })
  })
})
