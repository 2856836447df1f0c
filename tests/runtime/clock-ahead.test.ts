import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const YEAR = 365 * 86_400

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway.close())

const exchange = async () =>
  (await gateway.call('POST', '/api/v1/auth/token', { json: { apiKey: gateway.adminKey } })).body.data
const refresh = async (token: string) =>
  (await gateway.call('POST', '/api/v1/auth/token/refresh', { json: { refresh: token } })).body

describe('a clock that ran ahead', () => {
  // Ten years ahead a refresh token was made that would have been good for ten years and a week.
  it('leaves no refresh token that is good until then', async () => {
    gateway.passUnheard(10 * YEAR)
    const { refresh: token } = await exchange()
    gateway.passUnheard(-10 * YEAR)
    expect((await refresh(token)).error.code).toBe('refresh_token_expired')
  })

  it('leaves a refresh token that has no more than a year left as it is', async () => {
    gateway.passUnheard(YEAR - 7 * 86_400)
    const { refresh: token } = await exchange()
    gateway.passUnheard(-(YEAR - 7 * 86_400))
    expect((await refresh(token)).data.access).toEqual(expect.any(String))
  })
})
