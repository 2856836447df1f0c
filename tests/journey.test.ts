import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Call, call } from './support/call.ts'
import { type LiveGateway, platforms } from './support/platforms.ts'

describe.each(Object.entries(platforms))('a first day on %s', (_name, start) => {
  let gateway: LiveGateway
  const at = (method: string, path: string, options?: Call) => call(method, gateway.url + path, options)

  beforeAll(async () => {
    gateway = await start()
  })
  afterAll(() => gateway?.stop())

  it('goes from a key to tokens to protected routes, and ends when the key is withdrawn', async () => {
    expect((await at('GET', '/health/ready')).status).toBe(200)
    expect((await at('GET', '/nope')).status).toBe(401)

    const admin = await at('POST', '/api/v1/auth/token/', { json: { apiKey: gateway.adminKey } })
    expect(admin.status).toBe(200)
    const token = admin.body.data.access
    expect((await at('GET', '/nope', { token })).status).toBe(404)

    const client = await at('POST', '/api/v1/clients', {
      token,
      json: { name: 'billing', permissions: ['orders:*', 'keys:read'] },
    })
    expect(client.status).toBe(201)
    const keysPath = `/api/v1/clients/${client.body.data.id}/keys`
    const issued = await at('POST', keysPath, { token, json: { name: 'production' } })
    expect(issued.status).toBe(201)
    const { api_key: apiKey, id: keyId } = issued.body.data

    const tokens = await at('POST', '/api/v1/auth/token', { json: { apiKey } })
    expect(tokens.status).toBe(200)
    const { access, refresh } = tokens.body.data
    const me = await at('GET', '/api/v1/me/', { token: access })
    expect(me.body.data).toMatchObject({
      client_id: client.body.data.id,
      key_id: keyId,
      permissions: ['orders:*', 'keys:read'],
      access_expire: tokens.body.data.access_expire,
    })
    expect((await at('GET', keysPath, { token: access })).body.data.items).toHaveLength(1)
    expect((await at('POST', keysPath, { token: access, json: { name: 'x' } })).status).toBe(403)

    const keySet = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`))
    const { payload } = await jwtVerify(access, keySet, { typ: 'at+jwt' })
    expect(payload['scope']).toBe('orders:* keys:read')

    const renewed = await at('POST', '/api/v1/auth/token/refresh/', { json: { refresh } })
    expect(renewed.status).toBe(200)
    expect((await at('GET', '/api/v1/me', { token: renewed.body.data.access })).status).toBe(200)

    const withdrawn = await at('DELETE', `/api/v1/keys/${keyId}`, { token })
    expect(withdrawn.status).toBe(200)
    const exchangeAfter = await at('POST', '/api/v1/auth/token/', { json: { apiKey } })
    expect([exchangeAfter.status, exchangeAfter.body.error.code]).toEqual([401, 'api_key_revoked'])
    const refreshAfter = await at('POST', '/api/v1/auth/token/refresh/', { json: { refresh } })
    expect([refreshAfter.status, refreshAfter.body.error.code]).toEqual([401, 'api_key_revoked'])
  })

  it('describes itself', async () => {
    const description = await at('GET', '/openapi.json')
    expect(description.body.openapi).toBe('3.1.0')
    expect(Object.keys(description.body.paths)).toContain('/api/v1/auth/token/')
    const page = await at('GET', '/docs')
    expect(page.text).toContain('/api/v1/auth/token/')
    expect(page.text).not.toMatch(/<script|src=|https?:\/\/[^"]*\.(?:js|css)/)
  })
})
