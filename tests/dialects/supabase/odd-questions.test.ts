import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAddress } from '../../support/people.ts'
import { aSupabaseUser, supabaseCall, supabaseSession } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

let gateway: TestGateway
let token: string

beforeAll(async () => {
  const supabase = { ...testPolicy.supabase, autoconfirm: false, anonymous: true, sms: true }
  gateway = await createTestGateway({ policy: { supabase } })
  token = (await supabaseSession(gateway, await aSupabaseUser(gateway))).access_token
})
afterAll(() => gateway?.close())

const aUuid = '0b9e6c30-0000-4000-8000-000000000000'
const flow = ['code_challenge', 'code_challenge_method', 'gotrue_meta_security']
const message = ['email', 'phone', 'channel', ...flow]
/** Each with the members that it reads, and what goes with them. */
const doors: readonly (readonly [string, string, readonly string[], () => object])[] = [
  [
    'POST',
    '/auth/v1/signup',
    [...message, 'password', 'data'],
    () => ({ email: anAddress(), password: 'short6' }),
  ],
  ['POST', '/auth/v1/otp', [...message, 'create_user', 'data'], () => ({ email: anAddress() })],
  ['POST', '/auth/v1/recover', ['email', ...flow], () => ({ email: anAddress() })],
  ['POST', '/auth/v1/resend', ['type', ...message], () => ({ type: 'signup', email: anAddress() })],
  [
    'POST',
    '/auth/v1/verify',
    ['type', 'token', 'email', 'phone'],
    () => ({ type: 'email', token: '1', email: 'a@b.cd' }),
  ],
  ['POST', '/auth/v1/verify', ['type', 'token_hash'], () => ({ type: 'email', token_hash: 'pkce_got_1' })],
  ['POST', '/auth/v1/token', ['grant_type'], () => ({})],
  [
    'POST',
    '/auth/v1/token?grant_type=password',
    ['email', 'phone', 'password'],
    () => ({ email: 'a@b.cd', password: 'a' }),
  ],
  [
    'POST',
    '/auth/v1/token?grant_type=pkce',
    ['auth_code', 'code_verifier'],
    () => ({ auth_code: 'a', code_verifier: 'b' }),
  ],
  ['POST', '/auth/v1/token?grant_type=refresh_token', ['refresh_token'], () => ({})],
  ['POST', '/auth/v1/token?grant_type=id_token', ['provider', 'id_token', 'nonce'], () => ({})],
  ['PUT', '/auth/v1/user', [...message, 'password', 'current_password', 'nonce', 'data'], () => ({})],
  ['POST', '/auth/v1/factors', ['factor_type', 'friendly_name', 'issuer'], () => ({ factor_type: 'totp' })],
  [
    'POST',
    `/auth/v1/factors/${aUuid}/verify`,
    ['challenge_id', 'code'],
    () => ({ challenge_id: aUuid, code: '1' }),
  ],
  [
    'POST',
    '/auth/register',
    ['name', 'surname', 'email', 'username', 'password'],
    () => ({
      name: 'A',
      surname: 'B',
      email: anAddress(),
      username: 'ada',
      password: 'a fine horse of mine',
    }),
  ],
  [
    'POST',
    '/auth/login',
    ['identifier', 'password', 'captcha_token'],
    () => ({ identifier: 'ada', password: 'a' }),
  ],
  ['POST', '/auth/refresh', ['refresh_token'], () => ({})],
]
const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) })
const oddities: readonly unknown[] = [
  null,
  7,
  -1e308,
  true,
  [],
  {},
  deep(40),
  '\0',
  'a\0@example.com',
  '\uD800',
  { a: '\uDC00' },
  { '\0': 1 },
  { captcha_token: {} },
  'x'.repeat(20_000),
  "' or 1=1 --",
  '__proto__',
  JSON.parse('{"__proto__":{"role":"admin","email_verified":true},"constructor":1}'),
]
const queries = ['%00', '%ED%A0%80', '__proto__', 'a%0D%0AX-Injected:%201', '%F0%9F%98%80', 'x'.repeat(5000)]

let sites = 0
const from = () => gateway.comeFrom(`2001:db8:${(++sites % 60_000).toString(16)}::1`)

describe('an odd question of a stranger, or of whoever is signed in', () => {
  it.each(doors)(
    'is never a fault, whichever member is odd: %s %s %j',
    async (method, path, members, json) => {
      const strange: string[] = []
      for (const member of members) {
        for (const oddity of oddities) {
          from()
          const call = {
            json: { ...json(), [member]: oddity },
            token: path.includes('/v1/') ? token : undefined,
          }
          const { status } = await gateway.call(method, path, call)
          if (status >= 500) strange.push(`${member} ${JSON.stringify(oddity)?.slice(0, 40)} ${status}`)
        }
      }
      expect(strange).toEqual([])
      expect(gateway.faults).toEqual([])
    },
  )

  it.each([
    ['GET', '/verify?type=signup&token=got_a&redirect_to='],
    ['GET', '/verify?token=got_a&type='],
    ['GET', '/verify?type=signup&token='],
    ['POST', '/otp?redirect_to='],
    ['POST', '/token?grant_type='],
    ['POST', '/logout?scope='],
  ])('is never a fault, whatever its query holds: %s %s', async (method, path) => {
    for (const query of queries) {
      from()
      const json = method === 'POST' && { json: { email: anAddress() } }
      const answer = await supabaseCall(gateway, method, path + query, { ...json })
      expect(answer.status).toBeLessThan(500)
      expect(answer.headers.get('x-injected')).toBeNull()
    }
    expect(gateway.faults).toEqual([])
  })

  it('gives nobody what a name of JavaScript stands for', async () => {
    from()
    const data = JSON.parse(
      '{"__proto__":{"email_verified":true},"constructor":{"prototype":{"role":"admin"}}}',
    )
    const { status, body } = await supabaseCall(gateway, 'POST', '/signup', {
      json: { email: anAddress(), password: 'short6', data },
    })
    expect(status).toBe(200)
    expect(body.user_metadata.email_verified).toBeUndefined()
    expect(({} as Record<string, unknown>)['role']).toBeUndefined()
  })
})
