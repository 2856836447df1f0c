import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAddress } from '../../support/people.ts'
import { type ServiceCall, serviceOf } from '../../support/service-keys.ts'
import { aSupabaseUser } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let service: ServiceCall
let id: string

beforeAll(async () => {
  gateway = await createTestGateway()
  service = await serviceOf(gateway)
  id = (await aSupabaseUser(gateway)).id
})
afterAll(() => gateway.close())

const order = [
  'email',
  'phone',
  'password',
  'password_hash',
  'email_confirm',
  'user_metadata',
  'app_metadata',
  'role',
  'ban_duration',
]
/** Each with the members that it reads, and what goes with them. */
const doors: readonly (readonly [string, () => string, readonly string[], () => object])[] = [
  ['POST', () => '/admin/users', ['id', ...order], () => ({ email: anAddress() })],
  ['PUT', () => `/admin/users/${id}`, order, () => ({})],
  ['DELETE', () => `/admin/users/${nobody}`, ['should_soft_delete'], () => ({})],
  ['PUT', () => `/admin/users/${id}/factors/${nobody}`, ['friendly_name'], () => ({})],
  ['POST', () => '/invite', ['email', 'data'], () => ({ email: anAddress() })],
  [
    'POST',
    () => '/admin/generate_link',
    ['type', 'email', 'new_email', 'password', 'data', 'redirect_to'],
    () => ({ type: 'signup', password: 'short6', email: anAddress() }),
  ],
]
const nobody = '0b9e6c30-0000-4000-8000-000000000000'
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
  it.each(doors)('is never a fault, whichever member is odd: %s %s', async (method, path, members, json) => {
    const strange: string[] = []
    for (const member of members) {
      for (const oddity of oddities) {
        const { status, body } = await service(method, path(), { json: { ...json(), [member]: oddity } })
        const told = status === 200 || typeof body?.code === 'string'
        if (status >= 500 || !told) strange.push(`${member} ${JSON.stringify(oddity)} ${status}`)
      }
    }
    expect(strange).toEqual([])
    expect(gateway.faults).toEqual([])
  })

  it.each(['', '{', '[]', '"a"', 'null', '7', '{"email":"a@example.com","email":', '\uFEFF{}'])(
    'is never a fault as a whole: %j',
    async (form) => {
      for (const [method, path] of doors) {
        const headers = { 'Content-Type': 'application/json' }
        expect((await service(method, path(), { form, headers })).status).toBeLessThan(500)
      }
      expect(gateway.faults).toEqual([])
    },
  )
})
