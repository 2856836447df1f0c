import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { rawAnswer, spellRequest } from './raw-socket.ts'

let database: TestDatabase
let gateway: GatewayProcess
let apiKey: string
let access: string
let refresh: string

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    RATE_LIMITS: 'off',
  })
  apiKey = await gateway.firstKey()
  const { body } = await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })
  access = body.data.access
  refresh = body.data.refresh
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
})

/** Asks who the caller is, with header lines exactly as they stand. */
const me = (lines: readonly string[], target = '/api/v1/me') =>
  rawAnswer(gateway.url, spellRequest(`GET ${target} HTTP/1.1`, lines))

const bare = 'Bearer realm="guichet"'
const invalid = 'Bearer realm="guichet", error="invalid_token"'

describe('the Authorization header', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('takes the scheme as %s', async (scheme) => {
    expect((await me([`Authorization: ${scheme} ${access}`])).status).toBe(200)
  })

  it.each([
    ['AUTHORIZATION', (token: string) => `AUTHORIZATION: Bearer ${token}`],
    ['spaces around the value', (token: string) => `Authorization:   Bearer ${token}   `],
    ['several spaces after the scheme', (token: string) => `Authorization: Bearer   ${token}`],
  ])('is read with %s', async (_, spell) => {
    expect((await me([spell(access)])).status).toBe(200)
  })

  it.each([
    ['Basic', (token: string) => `Basic ${btoa(`x:${token}`)}`],
    ['Token', (token: string) => `Token ${token}`],
    ['Digest', () => 'Digest username="x"'],
    ['DPoP', (token: string) => `DPoP ${token}`],
    ['no scheme', (token: string) => token],
    ['a scheme that begins alike', (token: string) => `Bearerx ${token}`],
    ['no space after the scheme', (token: string) => `Bearer${token}`],
    ['a tab after the scheme', (token: string) => `Bearer\t${token}`],
    ['another scheme first', (token: string) => `Basic eA==, Bearer ${token}`],
    ['an empty value', () => ''],
  ])('counts as absent with %s', async (_, spell) => {
    const { status, headers, body } = await me([`Authorization: ${spell(access)}`])
    expect([status, body.error.code, headers.get('www-authenticate')]).toEqual([401, 'missing_token', bare])
  })

  it.each([
    ['the scheme alone', () => 'Bearer'],
    ['two tokens', (token: string) => `Bearer ${token} ${token}`],
    ['a comma', (token: string) => `Bearer ${token},`],
    ['a list', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['another scheme after it', (token: string) => `Bearer ${token}, Basic eA==`],
    ['quotes', (token: string) => `Bearer "${token}"`],
    ['a parameter', (token: string) => `Bearer token="${token}"`],
    ['the scheme twice', (token: string) => `Bearer Bearer ${token}`],
    ['a tab behind the token', (token: string) => `Bearer ${token}\t.`],
    ['letters that are not ASCII', (token: string) => `Bearer ${token}é`],
    ['percent signs', (token: string) => `Bearer ${token}%00`],
    ['a dot too many', (token: string) => `Bearer ${token}.`],
    ['8193 characters', (token: string) => `Bearer ${token}${'A'.repeat(8193 - token.length)}`],
    ['12000 characters', () => `Bearer ${'A'.repeat(12_000)}`],
  ])('is refused with %s', async (_, spell) => {
    const { status, headers, body, text } = await me([`Authorization: ${spell(access)}`])
    expect([status, body.error.code, headers.get('www-authenticate')]).toEqual([
      401,
      'invalid_token',
      invalid,
    ])
    expect(text).not.toContain(access.slice(0, 40))
  })

  it('is refused when it comes twice, in either order and though both are good', async () => {
    const good = `Authorization: Bearer ${access}`
    for (const other of [good, 'Authorization: Bearer x', 'Authorization: Basic eA==', 'Authorization:']) {
      for (const lines of [
        [good, other],
        [other, good],
      ]) {
        expect([other, (await me(lines)).status]).toEqual([other, 401])
      }
    }
  })

  it('is refused when it is folded over two lines or spelled with a space before its colon', async () => {
    for (const line of [`Authorization: Bearer\r\n ${access}`, `Authorization : Bearer ${access}`]) {
      const { status } = await me([line])
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(402)
    }
  })

  it('takes no other credential of ours as an access token', async () => {
    for (const credential of [apiKey, refresh]) {
      const { status, headers } = await me([`Authorization: Bearer ${credential}`])
      expect([status, headers.get('www-authenticate')]).toEqual([401, invalid])
    }
  })
})

describe('a token anywhere else than in the Authorization header', () => {
  it.each([
    ['Cookie', (token: string) => `access_token=${token}; token=${token}; Authorization=Bearer ${token}`],
    ['X-Access-Token', (token: string) => token],
    ['X-Auth-Token', (token: string) => token],
    ['X-API-Key', (token: string) => token],
    ['X-Authorization', (token: string) => `Bearer ${token}`],
    ['X-Forwarded-Authorization', (token: string) => `Bearer ${token}`],
    ['X-Original-Authorization', (token: string) => `Bearer ${token}`],
    ['Proxy-Authorization', (token: string) => `Bearer ${token}`],
    ['X_Authorization', (token: string) => `Bearer ${token}`],
    ['Sec-WebSocket-Protocol', (token: string) => `bearer, ${token}`],
    ['DPoP', (token: string) => token],
  ])('counts for nothing: %s', async (name, spell) => {
    const { status, headers } = await me([`${name}: ${spell(access)}`])
    expect([status, headers.get('www-authenticate')]).toEqual([401, bare])
  })

  it('counts for nothing: the query and the body', async () => {
    for (const query of [`access_token=${access}`, `token=${access}`, `authorization=Bearer%20${access}`]) {
      expect((await me([], `/api/v1/me?${query}`)).status).toBe(401)
    }
    const answer = await call('POST', `${gateway.url}/api/v1/clients`, {
      json: { access_token: access, name: 'x' },
    })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, bare])
  })
})

describe('headers that tell a gateway another story', () => {
  it.each([
    'X-Original-URL: /health/live',
    'X-Rewrite-URL: /health/live',
    'X-Forwarded-Uri: /health/live',
    'X-Forwarded-Prefix: /health',
    'X-Forwarded-Path: /health/live',
    'X-Original-Method: OPTIONS',
    'X-HTTP-Method-Override: HEAD',
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Host: localhost',
    'X-Forwarded-Proto: https',
    'X-Real-IP: 127.0.0.1',
    'Forwarded: for=127.0.0.1;host=localhost;proto=https',
    'X-Forwarded-User: admin',
    'X-User-Id: admin',
    'X-Client-Id: admin',
    'X-Middleware-Subrequest: middleware:middleware:middleware',
    'Origin: http://127.0.0.1',
    'User-Agent: kube-probe/1.30',
    'Upgrade: websocket',
    'Connection: Authorization',
    '__proto__: x',
    'constructor: x',
  ])('open no closed route: %s', async (line) => {
    expect((await me([line])).status).toBe(401)
    expect((await rawAnswer(gateway.url, spellRequest('DELETE /nope HTTP/1.1', [line]))).status).toBe(401)
  })

  it('change nothing of who a good token speaks for', async () => {
    const plain = await me([`Authorization: Bearer ${access}`])
    const told = await me([
      `Authorization: Bearer ${access}`,
      ...['X-Forwarded-User: root', 'X-Client-Id: root', 'X-Forwarded-Host: evil.test', '__proto__: x'],
    ])
    expect(told.body.data).toEqual(plain.body.data)
  })

  it('do not move the address that the API description names', async () => {
    const lines = ['X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: https', 'Forwarded: host=evil.test']
    const answer = await rawAnswer(gateway.url, spellRequest('GET /openapi.json HTTP/1.1', lines))
    expect(answer.status).toBe(200)
    expect(answer.text).not.toContain('evil.test')
    expect(answer.text).not.toContain('gateway.test')
  })
})
