import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintApiKeyText } from '../../../src/core/keys/api-key.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

const HOUR = 3600

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
  // Time to step back to.
  gateway.pass(20 * 365 * 24 * HOUR)
})

afterAll(() => gateway.close())

const exchange = (apiKey: string) => gateway.call('POST', '/api/v1/auth/token', { json: { apiKey } })
const me = async (token: string) => (await gateway.call('GET', '/api/v1/me', { token })).status

describe('a clock that steps', () => {
  it.each([HOUR + 6, 10 * 365 * 24 * HOUR])(
    '%i seconds ahead ends tokens, and every call is answered',
    async (step) => {
      const token = await gateway.accessToken()
      gateway.pass(step)
      expect(await me(token)).toBe(401)
      expect((await exchange(gateway.adminKey)).status).toBe(200)
    },
  )

  it('back an hour leaves tokens no longer life than they had from now on, and every call is answered', async () => {
    const token = await gateway.accessToken()
    gateway.pass(-HOUR)
    expect(await me(token)).toBe(200)
    expect(await me(await gateway.accessToken())).toBe(200)
    gateway.pass(2 * HOUR + 6)
    expect(await me(token)).toBe(401)
  })

  it('back an hour hides no longer that revocations are unknown', async () => {
    const token = await gateway.accessToken()
    const { revocationsStaleSeconds } = gateway.service.policy
    gateway.passUnheard(-HOUR)
    expect(await me(token)).toBe(200)
    gateway.passUnheard(revocationsStaleSeconds)
    expect(await me(token)).toBe(200)
    gateway.passUnheard(1)
    expect(await me(token)).toBe(503)
    gateway.pass(HOUR)
  })

  it('back ten years does not keep tokens of the years to come', async () => {
    const token = await gateway.accessToken()
    gateway.pass(-10 * 365 * 24 * HOUR)
    expect(await me(token)).toBe(401)
    expect((await exchange(gateway.adminKey)).status).toBe(200)
  })

  it('back an hour locks nobody out of a limit that it had filled', async () => {
    const admin = await gateway.accessToken()
    const client = await gateway.call('POST', '/api/v1/clients', { token: admin, json: { name: 'c' } })
    const json = { name: 'k', rate_limit: { limit: 2, window_seconds: 60 } }
    const path = `/api/v1/clients/${client.body.data.id}/keys`
    const { api_key } = (await gateway.call('POST', path, { token: admin, json })).body.data
    await exchange(api_key)
    await exchange(api_key)
    expect((await exchange(api_key)).status).toBe(429)
    gateway.pass(-HOUR)
    expect((await exchange(api_key)).status).toBe(200)
  })

  it('back an hour blocks no address for an hour', async () => {
    for (let guess = 0; guess < 31; guess++) await exchange(mintApiKeyText(gateway.world, 'gk'))
    expect((await exchange(gateway.adminKey)).status).toBe(429)
    gateway.pass(-HOUR)
    expect((await exchange(gateway.adminKey)).status).toBe(200)
  })
})
