import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway.close())

const exchange = (json: object, headers: Record<string, string> = {}) =>
  gateway.call('POST', '/api/v1/auth/token/', { json, headers })

describe('the exchange', () => {
  it('answers the contract to the letter, the misspelt name included', async () => {
    const { status, headers, body } = await exchange({ apiKey: gateway.adminKey })
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(Object.keys(body)).toEqual(['data', 'meta'])
    expect(body.data).toEqual({
      access: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      refresh: expect.stringMatching(/^grt_[0-9A-Za-z]+$/),
      access_expire: '2026-01-01T01:00:00Z',
      refresh_expire: '2026-01-08T00:00:00Z',
      refesh_expire: '2026-01-08T00:00:00Z',
      token_type: 'Bearer',
    })
    expect(body.meta).toEqual({
      timestamp: '2026-01-01T00:00:00.500Z',
      request_id: headers.get('x-request-id'),
    })
  })

  it('signs an RFC 9068 token whose exp is the access_expire of the answer', async () => {
    const { body } = await exchange({ apiKey: gateway.adminKey })
    expect(decodeProtectedHeader(body.data.access)).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: expect.stringMatching(/^[\w-]{43}$/),
    })
    const claims = decodeJwt(body.data.access)
    expect(claims).toMatchObject({
      iss: 'https://gateway.test',
      aud: ['https://gateway.test', 'https://orders.test'],
      scope: '*',
      exp: Date.parse(body.data.access_expire) / 1000,
      iat: Date.parse('2026-01-01T00:00:00Z') / 1000,
      jti: expect.any(String),
      sid: expect.any(String),
      key_id: gateway.adminKey.slice(3, 15),
    })
    expect(claims.sub).toBe(claims['client_id'])
  })

  it('narrows permissions, audience and lifetime when asked to', async () => {
    const { body } = await exchange({
      apiKey: gateway.adminKey,
      permissions: ['orders:read'],
      audience: 'https://orders.test',
      expires_in: 60,
    })
    const claims = decodeJwt(body.data.access)
    expect(claims).toMatchObject({ scope: 'orders:read', aud: 'https://orders.test' })
    expect(claims.exp! - claims.iat!).toBe(60)
    const again = await gateway.call('POST', '/api/v1/auth/token/refresh', {
      json: { refresh: body.data.refresh },
    })
    const renewed = decodeJwt(again.body.data.access)
    expect(renewed).toMatchObject({ scope: 'orders:read', aud: 'https://orders.test' })
    expect(renewed.exp! - renewed.iat!).toBe(60)
  })

  it.each([
    [{ audience: 'https://elsewhere.test' }, 400, 'unknown_audience'],
    [{ expires_in: 3601 }, 400, 'lifetime_too_long'],
    [{ expires_in: 0 }, 400, 'invalid_request'],
    [{ permissions: ['Not A Permission'] }, 400, 'invalid_request'],
  ])('refuses %j', async (wish, status, code) => {
    const answer = await exchange({ apiKey: gateway.adminKey, ...wish })
    expect([answer.status, answer.body.error.code]).toEqual([status, code])
  })

  it('takes the key from X-API-Key too, without a body', async () => {
    const answer = await gateway.call('POST', '/api/v1/auth/token', {
      headers: { 'X-API-Key': gateway.adminKey },
    })
    expect(answer.status).toBe(200)
  })

  it('refuses two credentials in one call', async () => {
    const answer = await exchange({ apiKey: gateway.adminKey }, { 'X-API-Key': gateway.adminKey })
    expect([answer.status, answer.body.error.code]).toEqual([400, 'ambiguous_credentials'])
  })
})
