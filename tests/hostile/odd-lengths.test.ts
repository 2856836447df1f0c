import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { parseInput } from '../../src/http/parse-input.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway.close())

/** Of such a length a bound cannot be asked: the comparison throws. */
const odd = { length: { toString: 0 } }
const within = { deep: [{ a: [odd] }] }

describe('an object whose length is no number, where a text should be', () => {
  it.each([
    ['/api/v1/auth/token/', { apiKey: odd }, 400],
    ['/api/v1/auth/token/refresh', { refresh: odd }, 400],
    ['/api/v1/auth/login', { identifier: odd, password: 'x' }, 422],
    ['/api/v1/auth/register', { email: odd, password: 'x' }, 422],
    ['/api/v1/auth/password/forgot', { email: odd }, 422],
    ['/api/v1/auth/login/second-factor', { challenge: odd, method: odd, code: odd }, 422],
    ['/api/v1/leaks', { tokens: odd }, 400],
    ['/auth/v1/signup', { email: odd, password: 'x' }, 400],
    ['/auth/v1/signup', { email: 'a@b.test', gotrue_meta_security: { captcha_token: odd } }, 400],
    ['/auth/v1/token?grant_type=password', { email: odd, password: odd }, 400],
    ['/auth/v1/otp', { email: odd, data: odd }, 400],
    ['/auth/v1/verify', { type: odd, token: odd }, 400],
    ['/auth/register', { username: odd, email: odd, password: odd }, 422],
  ])('is refused as any other value: %s %j', async (path, json, status) => {
    // A stranger could have as many 500s as he liked, each a line in the log of faults.
    const answer = await gateway.call('POST', path, { json })
    expect([answer.status, gateway.faults]).toEqual([status, []])
  })

  it('is refused of those who may do everything, and kept where any value may stand', async () => {
    const token = await gateway.accessToken()
    const refused = [
      { name: odd },
      { name: 'a', permissions: odd },
      { name: 'a', permissions: [odd] },
      { name: 'a', permissions: [], owner_id: odd },
    ]
    for (const json of refused)
      expect((await gateway.call('POST', '/api/v1/clients', { token, json })).status).toBe(400)
    const made = await gateway.call('POST', '/api/v1/clients', { token, json: { name: 'a' } })
    const json = { name: 'key', metadata: { odd, within } }
    const path = `/api/v1/clients/${made.body.data.id}/keys`
    const key = await gateway.call('POST', path, { token, json })
    expect([key.status, key.body.data.metadata, gateway.faults]).toEqual([201, json.metadata, []])
  })

  it('names its member, and is a fault of ours where a schema threw by itself', () => {
    const schema = z.object({ name: z.string().max(3), more: z.unknown() })
    expect(parseInput(schema, { name: odd })).toMatchObject({ ok: false, failure: [{ path: ['name'] }] })
    const broken = z.unknown().refine(() => {
      throw new TypeError('ours')
    })
    expect(() => parseInput(broken, { name: 'x' })).toThrow('ours')
  })

  it('is a fault of a file of rules', () => {
    const rules = parseRules(JSON.stringify({ routes: [{ path: odd }] }))
    expect(rules).toMatchObject({ ok: false, failure: [{ path: 'routes' }] })
  })

  it('costs no more for nesting deep', async () => {
    const deep = `{"apiKey":{"length":{"toString":0}},"x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
    const answer = await gateway.call('POST', '/api/v1/auth/token/', {
      form: deep,
      headers: { 'Content-Type': 'application/json' },
    })
    expect([answer.status, gateway.faults]).toEqual([400, []])
  })
})
