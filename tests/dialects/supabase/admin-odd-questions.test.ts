import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ServiceCall, serviceOf } from '../../support/service-keys.ts'
import { aSupabaseUser } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let service: ServiceCall
let id: string
let email: string

beforeAll(async () => {
  gateway = await createTestGateway()
  service = await serviceOf(gateway)
  const ada = await aSupabaseUser(gateway)
  id = ada.id
  email = ada.email
})
afterAll(() => gateway.close())

const doors = (): readonly (readonly [string, string, object])[] => [
  ['POST', '/admin/users', { email: `${crypto.randomUUID()}@example.com` }],
  ['PUT', `/admin/users/${id}`, {}],
  ['DELETE', `/admin/users/${id.replace(/.$/, 'x')}`, {}],
  ['PUT', `/admin/users/${id}/factors/${id}`, { friendly_name: 'a' }],
  ['POST', '/invite', { email: `${crypto.randomUUID()}@example.com` }],
  ['POST', '/admin/generate_link', { type: 'recovery', email }],
]
const members = [
  'email',
  'phone',
  'password',
  'password_hash',
  'email_confirm',
  'user_metadata',
  'app_metadata',
  'role',
  'id',
  'ban_duration',
  'data',
  'type',
  'new_email',
  'redirect_to',
  'friendly_name',
  'should_soft_delete',
]
const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) })
const oddities: readonly unknown[] = [
  7,
  -1e308,
  true,
  [],
  [[]],
  {},
  deep(40),
  '\0',
  '\uD800',
  { a: '\uDC00' },
  { '\0': 1 },
  'x'.repeat(5000),
  "' or 1=1 --",
  { __proto__: null, constructor: 1, toString: 2 },
]

describe('an odd question to what is for programs', () => {
  it('is never a fault, whichever member is odd', async () => {
    const strange: string[] = []
    for (const [method, path, json] of doors()) {
      for (const member of members) {
        for (const oddity of oddities) {
          const { status, body } = await service(method, path, { json: { ...json, [member]: oddity } })
          const told = status === 200 || typeof body?.code === 'string'
          if (status >= 500 || !told)
            strange.push(`${method} ${path} ${member} ${JSON.stringify(oddity)} ${status}`)
        }
      }
    }
    expect(strange).toEqual([])
    expect(gateway.faults).toEqual([])
  })

  it.each(['', '{', '[]', '"a"', 'null', '7', '{"email":"a@example.com","email":', '\uFEFF{}'])(
    'is never a fault as a whole: %j',
    async (form) => {
      for (const [method, path] of doors()) {
        const headers = { 'Content-Type': 'application/json' }
        expect((await service(method, path, { form, headers })).status).toBeLessThan(500)
      }
      expect(gateway.faults).toEqual([])
    },
  )
})
