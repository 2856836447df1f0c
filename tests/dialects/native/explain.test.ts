import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../support/call.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let clientId: string

beforeAll(async () => {
  gateway = await createTestGateway()
  const client = await asAdmin('POST', '/clients', {
    name: 'billing',
    permissions: ['orders:*', 'keys:read'],
  })
  clientId = client.body.data.id
})

afterAll(() => gateway.close())

async function asAdmin(method: string, path: string, json?: unknown): Promise<Answer> {
  const token = await gateway.accessToken()
  return gateway.call(method, `/api/v1${path}`, { token, ...(json !== undefined && { json }) })
}

const codeOf = ({ status, body }: Answer): string => (status < 300 ? 'none' : body.error.code)

async function explained(question: object): Promise<string> {
  const { status, body } = await asAdmin('POST', '/explain', question)
  expect(status).toBe(200)
  expect(body.data.verdict === 'allowed').toBe(body.data.code === null)
  return body.data.code ?? 'none'
}

async function newKey(wanted: object = {}) {
  const answer = await asAdmin('POST', `/clients/${clientId}/keys`, { name: 'k', ...wanted })
  return answer.body.data as { id: string; api_key: string }
}

/** What may befall a key after a token of it was minted. */
const events = fc.constantFrom(
  ['POST', 'disable', {}],
  ['POST', 'enable', {}],
  ['POST', 'revoke', {}],
  ['POST', 'rotate', { overlap_seconds: 30 }],
  ['PATCH', '', { permissions: ['orders:read'] }],
  ['PATCH', '', { allowed_cidrs: ['198.51.100.0/24'] }],
  ['PATCH', '', { allowed_cidrs: ['192.0.2.0/24'] }],
  ['PATCH', '', { rate_limit: { limit: 2, window_seconds: 60 } }],
  ['PATCH', '', { quota: 2 }],
  ['DELETE', '?purge=true', undefined],
  ['pass', '', 31],
  ['pass', '', 3700],
  ['call', '', undefined],
)

describe('an explanation', () => {
  it('is what enforcement then does, whatever befell the key', { timeout: 60_000 }, async () => {
    const paths = fc.constantFrom('/api/v1/me', '/api/v1/clients', '/api/v1/sessions', '/nope')
    await fc.assert(
      fc.asyncProperty(fc.array(events, { maxLength: 4 }), paths, async (befallen, path) => {
        const { id, api_key } = await newKey()
        const token = await gateway.accessToken(api_key)
        for (const [verb, what, argument] of befallen) {
          if (verb === 'pass') gateway.pass(argument as number)
          else if (verb === 'call') await gateway.call('GET', '/api/v1/me', { token })
          else
            await asAdmin(
              verb as string,
              `/keys/${id}${what === '' || String(what).startsWith('?') ? what : `/${what}`}`,
              argument,
            )
        }
        const byToken = await explained({ token, method: 'GET', path, address: '192.0.2.1' })
        expect([befallen, path, byToken]).toEqual([
          befallen,
          path,
          codeOf(await gateway.call('GET', path, { token })),
        ])
        const byKey = await explained({ api_key, path: '/api/v1/me', address: '192.0.2.1' })
        const exchange = await gateway.call('POST', '/api/v1/auth/token', { json: { apiKey: api_key } })
        expect([befallen, 'exchange', byKey]).toEqual([befallen, 'exchange', codeOf(exchange)])
      }),
      { numRuns: 60 },
    )
  })

  it('names each rule in its order, up to the one that refuses', async () => {
    const { id } = await newKey({ allowed_cidrs: ['198.51.100.0/24'] })
    const { body } = await asAdmin('POST', '/explain', {
      key_id: id,
      path: '/api/v1/me',
      address: '203.0.113.9',
    })
    expect(body.data).toMatchObject({
      verdict: 'refused',
      code: 'address_not_allowed',
      steps: [
        { rule: 'client_named', outcome: 'passed' },
        { rule: 'network', outcome: 'refused', code: 'address_not_allowed' },
      ],
    })
  })

  it('can be had for another moment', async () => {
    const end = new Date(gateway.world.now().getTime() + 60_000)
    const { id } = await newKey({ expires_at: end.toISOString() })
    const at = (moment: Date) => explained({ key_id: id, path: '/api/v1/me', at: moment.toISOString() })
    expect(await at(new Date(end.getTime() - 1000))).toBe('none')
    expect(await at(end)).toBe('api_key_expired')
  })

  it('takes nothing: no call of a quota or a rate, no session, no use', async () => {
    const { id, api_key } = await newKey({ quota: 1, rate_limit: { limit: 1, window_seconds: 60 } })
    const tables = ['sessions', 'key_quotas', 'rate_limits']
    const counts = () =>
      Promise.all(tables.map((table) => gateway.database.query(`select count(*) from ${table}`)))
    await gateway.accessToken()
    const before = await counts()
    for (let times = 0; times < 3; times++)
      await gateway.service.explain({
        credential: { kind: 'api_key', apiKey: api_key },
        needed: [],
        address: '192.0.2.1',
        at: gateway.world.now(),
      })
    expect(await counts()).toEqual(before)
    expect((await asAdmin('GET', `/keys/${id}`)).body.data.usage).toBeNull()
    expect(codeOf(await gateway.call('POST', '/api/v1/auth/token', { json: { apiKey: api_key } }))).toBe(
      'none',
    )
  })

  it('asks for one credential, and for a permission of its own', async () => {
    const both = await asAdmin('POST', '/explain', { token: 'a', key_id: 'a'.repeat(12), path: '/' })
    expect(codeOf(both)).toBe('invalid_request')
    const token = await gateway.accessToken((await newKey()).api_key)
    const poor = await gateway.call('POST', '/api/v1/explain', { token, json: { token, path: '/' } })
    expect(codeOf(poor)).toBe('insufficient_permissions')
  })
})
