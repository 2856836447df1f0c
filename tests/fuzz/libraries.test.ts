import { createServer, type Server } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGuichetFetch, GuichetError } from '../../src/client/guichet-fetch.ts'
import { createVerifier } from '../../src/verify/verifier.ts'
import { listenSomewhere } from '../support/listen-somewhere.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { fuzzed, patience } from './fuzzed.ts'
import { mutantsOf, oddText, oddValue } from './odd-texts.ts'

interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

let gateway: TestGateway
let genuine: string
let keySet: string
let server: Server
let url: string
let close: () => Promise<void>
let told: Told = { status: 200, headers: {}, body: '' }

beforeAll(async () => {
  gateway = await createTestGateway()
  genuine = await gateway.accessToken()
  keySet = (await gateway.call('GET', '/.well-known/jwks.json')).text
  // What stands where a gateway should, and is none.
  server = createServer((request, response) => {
    request.resume()
    response.writeHead(told.status, told.headers).end(told.body)
  })
  const listening = await listenSomewhere(server)
  close = listening.close
  url = `http://127.0.0.1:${listening.port}`
})

afterAll(async () => {
  await close?.()
  await gateway?.close()
})

const header = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  { 'Content-Type': 'application/json' },
  { 'Retry-After': '1' },
  { 'Retry-After': '-9e9' },
  { 'X-Request-Id': 'a request of theirs' },
  { Location: 'http://127.0.0.1:1/' },
)
const status = fc.constantFrom(200, 200, 200, 201, 204, 301, 307, 400, 401, 403, 404, 418, 500, 502)

describe('the client', patience, () => {
  const apiKey = `gk_${'a'.repeat(46)}`
  const answer = {
    data: {
      access: 'a.b.c',
      access_expire: '2026-01-01T01:00:00Z',
      refresh: 'r',
      refresh_expire: '2026-01-08T00:00:00Z',
    },
    meta: { timestamp: '2026-01-01T00:00:00Z' },
  }
  const body = fc.oneof(
    oddText,
    oddValue.map((value) => JSON.stringify(value)),
    mutantsOf(JSON.stringify(answer)),
    fc
      .tuple(fc.constantFrom('access', 'access_expire', 'refresh', 'refresh_expire'), oddValue)
      .map(([name, value]) => JSON.stringify({ ...answer, data: { ...answer.data, [name]: value } })),
    // The key, sent back.
    fc.constant(JSON.stringify({ error: { code: apiKey, message: apiKey } })),
  )

  it('is told by any answer at all that it has a token or why not, and never its key', async () => {
    await fc.assert(
      fc.asyncProperty(status, header, body, async (code, headers, text) => {
        told = { status: code, headers, body: code === 204 ? '' : text }
        const call = createGuichetFetch({
          url,
          apiKey,
          sleep: async () => {},
          random: () => 0,
          now: () => new Date('2026-01-01T00:00:00Z'),
        })
        try {
          await call('/x', { redirect: 'manual' })
        } catch (error) {
          if (!(error instanceof GuichetError)) throw error
          expect(error.code).toMatch(/^[a-z_]+$/)
          expect(`${error.message} ${error.requestId} ${error.cause ?? ''}`).not.toContain(
            apiKey.slice(0, 20),
          )
        }
      }),
      fuzzed(150),
    )
  })
})

describe('the verifier', patience, () => {
  const key = fc.dictionary(
    fc.constantFrom('kid', 'kty', 'crv', 'x', 'y', 'n', 'e', 'k', 'alg', 'use', 'd', 'key_ops'),
    oddValue,
    { noNullPrototype: true },
  )
  const verifierOf = () =>
    createVerifier({
      issuer: 'https://gateway.test',
      audience: 'https://gateway.test',
      jwksUrl: `${url}/jwks`,
      now: gateway.world.now,
    })

  it('believes no token by a key set that is none, and throws nothing', async () => {
    const kid = JSON.parse(Buffer.from(genuine.split('.')[0]!, 'base64url').toString()).kid
    const sets = fc.oneof(
      oddText,
      oddValue.map((value) => JSON.stringify(value)),
      fc
        .array(key, { maxLength: 3 })
        .map((keys) => JSON.stringify({ keys: keys.map((one) => ({ kid, kty: 'EC', ...one })) })),
    )
    await fc.assert(
      fc.asyncProperty(status, header, sets, async (code, headers, text) => {
        told = { status: code, headers, body: code === 204 ? '' : text }
        const { ok } = await verifierOf().verify(genuine)
        expect(ok).toBe(false)
      }),
      fuzzed(100),
    )
  })

  it('reads any Authorization header, and believes the genuine token alone', async () => {
    told = { status: 200, headers: {}, body: keySet }
    const verifier = verifierOf()
    expect((await verifier.verifyHeader(`Bearer ${genuine}`)).ok).toBe(true)
    const odd = fc.oneof(
      oddText,
      mutantsOf(`Bearer ${genuine}`),
      fc.constantFrom('', 'Bearer', 'Bearer ', `bearer  ${genuine}`),
    )
    const bytes = (text: string) =>
      text.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'))
    await fc.assert(
      fc.asyncProperty(odd, async (text) => {
        const verdict = await verifier.verifyHeader(text)
        if (!verdict.ok) expect(verdict.refusal.status).toBe(401)
        else expect(bytes(text.replace(/^bearer +/i, ''))).toEqual(bytes(genuine))
        expect((await verifier.verifyHeader(`Bearer ${genuine}`)).ok).toBe(true)
      }),
      fuzzed(150),
    )
  })
})
