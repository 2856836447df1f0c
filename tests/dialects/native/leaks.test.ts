import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintApiKeyText } from '../../../src/core/keys/api-key.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let admin: string
let clientId: string

beforeAll(async () => {
  gateway = await createTestGateway()
  admin = await gateway.accessToken()
  const client = await gateway.call('POST', '/api/v1/clients', { token: admin, json: { name: 'billing' } })
  clientId = client.body.data.id
})

afterAll(() => gateway.close())

const newKey = async (wanted: object = {}): Promise<{ id: string; api_key: string }> => {
  const json = { name: 'k', ...wanted }
  const answer = await gateway.call('POST', `/api/v1/clients/${clientId}/keys`, { token: admin, json })
  return answer.body.data
}
const unknownKey = () => mintApiKeyText(gateway.world, 'gk')
const exchange = (apiKey: string) => gateway.call('POST', '/api/v1/auth/token', { json: { apiKey } })
const report = (json: object, headers = {}) => gateway.call('POST', '/api/v1/leaks', { json, headers })
const alarmsOf = (keyId: string) => gateway.alarms.filter((alarm) => alarm.keyId === keyId)

/** Lets the address guess again: thirty wrong keys fill up in half a minute. */
const calmDown = () => gateway.pass(30)

describe('a reported leak', () => {
  it('kills the key and its tokens, and tells the owner where it was found', async () => {
    const key = await newKey()
    const { access } = (await exchange(key.api_key)).body.data
    const source = 'https://paste.test/1'
    const told = await report({ apiKey: key.api_key, source }, { 'User-Agent': 'scanner/1' })
    expect(told.status).toBe(200)
    expect(told.body.data).toEqual({
      key_id: key.id,
      state: 'revoked',
      revoked_at: gateway.world.now().toISOString(),
      revoked_reason: 'leaked',
    })
    expect((await exchange(key.api_key)).body.error.code).toBe('api_key_revoked')
    expect((await gateway.call('GET', '/api/v1/me', { token: access })).body.error.code).toBe('token_revoked')
    expect(alarmsOf(key.id)).toMatchObject([
      { kind: 'key.leaked', clientId, source, address: '192.0.2.1', userAgent: 'scanner/1' },
    ])
    expect(alarmsOf(key.id)[0]?.requestId).toBe(told.headers.get('x-request-id'))
  })

  it('changes nothing and alarms nobody the second time', async () => {
    const key = await newKey()
    const first = await report({ apiKey: key.api_key })
    gateway.pass(1)
    expect((await report({ apiKey: key.api_key })).body.data).toEqual(first.body.data)
    expect(alarmsOf(key.id)).toHaveLength(1)
  })

  it('keeps the reason of a key that was revoked before', async () => {
    const key = await newKey()
    const json = { reason: 'over' }
    await gateway.call('POST', `/api/v1/keys/${key.id}/revoke`, { token: admin, json })
    expect((await report({ apiKey: key.api_key })).body.data.revoked_reason).toBe('over')
    expect(alarmsOf(key.id)).toEqual([])
  })

  it('comes in X-API-Key as well, and not in both', async () => {
    const key = await newKey()
    const header = { 'X-API-Key': key.api_key }
    expect((await report({ apiKey: key.api_key }, header)).body.error.code).toBe('ambiguous_credentials')
    expect((await report({}, header)).status).toBe(200)
  })

  it('hides a key that stands in the words of where it was found', async () => {
    const key = await newKey()
    await report({ apiKey: key.api_key, source: `https://paste.test/?k=${key.api_key}&x=1` })
    expect(alarmsOf(key.id)[0]?.source).toBe('https://paste.test/?k=…&x=1')
  })

  it.each([
    { source: 'x' },
    { apiKey: 'gk_x', source: 'a\u0007bell' },
    { apiKey: 'gk_x', leaks: [{ token: 'gk_x' }] },
    { leaks: [] },
    { apiKey: 7 },
  ])('is refused in a wrong form: %j', async (json) => {
    expect((await report(json)).body.error.code).toBe('invalid_request')
  })

  it('is refused at the first character and the first key too many', async () => {
    calmDown()
    const reports = (length: number) => ({ leaks: Array.from({ length }, () => ({ token: 'gk_x' })) })
    expect((await report({ apiKey: 'gk_x', source: 'x'.repeat(500) })).status).toBe(401)
    expect((await report({ apiKey: 'gk_x', source: 'x'.repeat(501) })).status).toBe(400)
    expect((await report(reports(100))).status).toBe(200)
    expect((await report(reports(101))).status).toBe(400)
  })

  it('counts what is no key of ours as a guess', async () => {
    calmDown()
    for (let guess = 0; guess < 30; guess++) {
      expect((await report({ apiKey: unknownKey() })).body.error.code).toBe('invalid_api_key')
    }
    expect((await report({ apiKey: unknownKey() })).status).toBe(429)
    expect((await exchange(unknownKey())).status).toBe(429)
    calmDown()
  })
})

describe('a batch of leaks', () => {
  it('ends what are keys of ours and says of each what became of it', async () => {
    const [one, two] = [await newKey(), await newKey()]
    const tokens = [one.api_key, unknownKey(), two.api_key, one.api_key]
    const answer = await report({ leaks: tokens.map((token) => ({ token, source: 'a repository' })) })
    expect(answer.body.data.items.map((item: { label: string }) => item.label)).toEqual([
      'true_positive',
      'false_positive',
      'true_positive',
      'true_positive',
    ])
    expect((await exchange(two.api_key)).body.error.code).toBe('api_key_revoked')
    expect(alarmsOf(one.id)).toHaveLength(1)
  })

  it('stops looking when too many were wrong, and says so', async () => {
    calmDown()
    const leaks = Array.from({ length: 40 }, () => ({ token: unknownKey() }))
    const { items } = (await report({ leaks })).body.data
    expect(items.filter(({ label }: { label: string }) => label === 'unknown')).toHaveLength(10)
    calmDown()
  })
})

describe('a canary key', () => {
  /** All that a stranger sees, but for what differs from call to call. */
  const seen = ({ status, headers, body }: Awaited<ReturnType<typeof exchange>>) => {
    const shown = Object.fromEntries(headers)
    delete shown['x-request-id']
    return { status, headers: shown, error: body.error }
  }

  it.each(['/auth/token', '/leaks'])('is answered on %s as an unknown key is, and rings', async (path) => {
    calmDown()
    const canary = await newKey({ canary: true })
    const ask = (apiKey: string) =>
      gateway.call('POST', `/api/v1${path}`, { json: { apiKey }, headers: { 'User-Agent': 'thief' } })
    const [unknown, bait] = [await ask(unknownKey()), await ask(canary.api_key)]
    expect(seen(bait)).toEqual(seen(unknown))
    expect(unknown.body.error.code).toBe('invalid_api_key')
    expect(alarmsOf(canary.id)).toMatchObject([
      {
        kind: 'canary.used',
        clientId,
        address: '192.0.2.1',
        userAgent: 'thief',
        requestId: bait.headers.get('x-request-id'),
      },
    ])
  })

  it.each([
    ['/token', { grant_type: 'client_credentials' }],
    ['/introspect', { token: 'x' }],
    ['/revoke', { token: 'x' }],
  ])('is answered as an unknown key is on the OAuth face too: %s', async (path, form) => {
    calmDown()
    const canary = await newKey({ canary: true })
    const ask = (client_secret: string) =>
      gateway.call('POST', `/oauth2${path}`, { form: { ...form, client_id: clientId, client_secret } })
    const [unknown, bait] = [await ask(unknownKey()), await ask(canary.api_key)]
    expect([bait.status, bait.body]).toEqual([unknown.status, unknown.body])
    expect(unknown.body.error).toBe('invalid_client')
    expect(alarmsOf(canary.id).map(({ kind }) => kind)).toEqual(['canary.used'])
  })

  it('cannot be surrendered, and rings then too', async () => {
    calmDown()
    const canary = await newKey({ canary: true })
    const path = `/api/v1/keys/${canary.id}/revoke`
    const answer = await gateway.call('POST', path, { json: { apiKey: canary.api_key } })
    expect(seen(answer)).toEqual(seen(await exchange(unknownKey())))
    expect(alarmsOf(canary.id)).toHaveLength(1)
  })

  it('rings in a batch of leaks, and is a false positive there', async () => {
    const canary = await newKey({ canary: true })
    const answer = await report({ leaks: [{ token: canary.api_key }] })
    expect(answer.body.data.items).toEqual([{ label: 'false_positive', key: null }])
    expect(alarmsOf(canary.id).map(({ kind }) => kind)).toEqual(['canary.used'])
  })

  it('is looked up anew each time, as an unknown key is', async () => {
    const canary = await newKey({ canary: true })
    await exchange(canary.api_key)
    await gateway.database.query('delete from api_keys where id = $1', [canary.id])
    await exchange(canary.api_key)
    // From memory it would have rung again, and been answered sooner than an unknown key.
    expect(alarmsOf(canary.id)).toHaveLength(1)
  })

  it('does not ring for a wrong secret under its id', async () => {
    const canary = await newKey({ canary: true })
    await exchange(`${canary.api_key.slice(0, -7)}0000000`)
    expect(alarmsOf(canary.id)).toEqual([])
  })

  it('has a successor that is a canary too, and cannot be made a working key', async () => {
    const canary = await newKey({ canary: true })
    const path = `/api/v1/keys/${canary.id}`
    const rotated = await gateway.call('POST', `${path}/rotate`, { token: admin, json: {} })
    expect(rotated.body.data.canary).toBe(true)
    const changed = await gateway.call('PATCH', path, { token: admin, json: { canary: false } })
    expect(changed.body.error.code).toBe('invalid_request')
  })
})
