import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createVerifier, type Refusal, type VerifierOptions } from '../../src/verify/verifier.ts'
import { forgeToken, hmacSigner, type TokenParts } from '../hostile/forged-token.ts'
import { type Front, startFront } from '../support/front.ts'
import { aPerson, signedIn } from '../support/people.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const KEYS = '/.well-known/jwks.json'

let gateway: TestGateway
let front: Front
let token: string

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway.close())

beforeEach(async () => {
  front = await startFront((request) => gateway.answer(request))
  token = await gateway.accessToken()
})

afterEach(() => front.close())

const create = (options: Partial<VerifierOptions> = {}) =>
  createVerifier({
    issuer: 'https://gateway.test',
    audience: 'https://orders.test',
    jwksUrl: front.url + KEYS,
    now: gateway.world.now,
    ...options,
  })
const forge = (parts: TokenParts) => forgeToken(gateway, token, parts)
const nowSeconds = () => Math.floor(gateway.world.now().getTime() / 1000)

/** What a verifier answers, in a word. */
async function said(text: string, verifier = create(), permissions: readonly string[] = []): Promise<string> {
  const verdict = await verifier.verify(text, { permissions })
  return verdict.ok ? 'ok' : `${verdict.refusal.status} ${verdict.refusal.code}`
}

describe('a verifier', () => {
  it('says of a good token whose it is and what it may do', async () => {
    const { data } = (await gateway.call('GET', '/api/v1/me', { token })).body
    const verdict = await create().verify(token)
    expect(verdict).toEqual({
      ok: true,
      principal: {
        issuer: 'https://gateway.test',
        subject: data.subject,
        audiences: ['https://gateway.test', 'https://orders.test'],
        clientId: data.subject,
        keyId: expect.stringMatching(/^[0-9A-Za-z]{12}$/),
        sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        tokenId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        permissions: ['*'],
        parentTokenIds: [],
        delegate: undefined,
        issuedAt: nowSeconds(),
        expiresAt: nowSeconds() + 3600,
      },
    })
  })

  it('says of a person how they signed in, and names no key', async () => {
    const person = await aPerson(gateway)
    const verdict = await create().verify((await signedIn(gateway, person)).access)
    expect(verdict).toMatchObject({
      ok: true,
      principal: {
        subject: person.id,
        clientId: 'guichet',
        keyId: undefined,
        assurance: { level: 1, methods: ['pwd'], authenticatedAt: nowSeconds() },
      },
    })
  })

  it('says who acts for the subject', async () => {
    const actor = { sub: 'a', client_id: 'b', key_id: 'c', sid: 'd' }
    const verdict = await create().verify(await forge({ claims: { act: actor } }))
    expect(verdict).toMatchObject({
      principal: { delegate: { subject: 'a', clientId: 'b', keyId: 'c', sessionId: 'd', before: undefined } },
    })
  })

  it('takes a token of a minute for one service with a narrowed scope', async () => {
    const claims = { aud: 'https://orders.test', scope: 'orders:read', exp: nowSeconds() + 60 }
    const identity = await forge({ claims })
    expect(await said(identity, create(), ['orders:read'])).toBe('ok')
    expect(await said(identity, create(), ['orders:write'])).toBe('403 insufficient_permissions')
    expect(await said(identity, create({ audience: 'https://gateway.test' }))).toBe('401 invalid_token')
  })

  it('takes a token for any of its own names', async () => {
    const narrow = await gateway.accessToken(gateway.adminKey, { audience: 'https://orders.test' })
    expect(await said(narrow, create({ audience: ['https://old.test', 'https://orders.test'] }))).toBe('ok')
    expect(await said(narrow, create({ audience: ['https://old.test', 'https://gateway.test'] }))).toBe(
      '401 invalid_token',
    )
  })

  it('takes a token in its last second and refuses it in the next', async () => {
    const verifier = create()
    gateway.pass(3604)
    expect(await said(token, verifier)).toBe('ok')
    gateway.pass(1)
    expect(await said(token, verifier)).toBe('401 token_expired')
    expect(await said(token, create({ clockToleranceSeconds: 6 }))).toBe('ok')
  })

  it.each([
    [['orders:read'], ['orders:read'], 'ok'],
    [['orders:*'], ['orders:read', 'orders:write'], 'ok'],
    [['orders:read'], ['orders:read', 'orders:write'], '403 insufficient_permissions'],
    [['orders:*'], ['*'], '403 insufficient_permissions'],
    [[], ['orders:read'], '403 insufficient_permissions'],
    [[], [], 'ok'],
  ])('for %j that needs %j says %s', async (held, needed, answer) => {
    expect(await said(await forge({ claims: { scope: held.join(' ') } }), create(), needed)).toBe(answer)
  })

  const claimsText = () => Buffer.from(token.split('.')[1]!, 'base64url').toString()
  const unexpected = (name: string) => `unexpected "${name}" claim value`
  const missing = (name: string) => `missing required "${name}" claim`
  const wrongType = 'unexpected "typ" JWT header value'
  const wrongClaim = 'A claim is not what it must be.'

  it.each<[string, () => TokenParts, string]>([
    ['of another issuer', () => ({ claims: { iss: 'https://other.test' } }), unexpected('iss')],
    ['for another audience', () => ({ claims: { aud: 'https://other.test' } }), unexpected('aud')],
    ['without an audience', () => ({ claims: { aud: undefined } }), missing('aud')],
    ['of another type', () => ({ header: { typ: 'JWT' } }), wrongType],
    ['without a type', () => ({ header: { typ: undefined } }), wrongType],
    ['that names no key', () => ({ header: { kid: undefined } }), 'no applicable key'],
    ['that names an unknown key', () => ({ header: { kid: 'x' } }), 'no applicable key'],
    ['with a critical header', () => ({ header: { crit: ['x'], x: 1 } }), '"x" is not recognized'],
    ['that says alg none', () => ({ header: { alg: 'none' } }), '"alg"'],
    ['without an end', () => ({ claims: { exp: undefined } }), missing('exp')],
    [
      'with an endless end',
      () => ({ payload: claimsText().replace(/"exp":\d+/, '"exp":1e400') }),
      wrongClaim,
    ],
    ['that lives for a second too long', () => ({ claims: { exp: nowSeconds() + 86_401 } }), wrongClaim],
    ['that is not good yet', () => ({ claims: { nbf: nowSeconds() + 6 } }), '"nbf" claim timestamp'],
    ['without a session', () => ({ claims: { sid: undefined } }), missing('sid')],
    ['without a scope', () => ({ claims: { scope: undefined } }), missing('scope')],
    ['whose key is no text', () => ({ claims: { key_id: 1 } }), wrongClaim],
    ['whose actor is none', () => ({ claims: { act: 'x' } }), wrongClaim],
  ])('refuses a token %s', async (_, parts, cause) => {
    expect(await create().verify(await forge(parts()))).toMatchObject({
      refusal: { code: 'invalid_token', cause: expect.stringContaining(cause) },
    })
  })

  it('takes a token of a day, and one that is good since now', async () => {
    const claims = { exp: nowSeconds() + 86_400, nbf: nowSeconds() + 5 }
    expect(await said(await forge({ claims }))).toBe('ok')
  })

  it('refuses a token that was signed with the published key as a secret', async () => {
    const published = await (await fetch(front.url + KEYS)).text()
    const sign = hmacSigner(new TextEncoder().encode(published))
    expect(await said(await forgeToken(gateway, token, { header: { alg: 'HS256' }, sign }))).toBe(
      '401 invalid_token',
    )
  })

  it('refuses what is no token, and one that was changed', async () => {
    for (const text of [
      '',
      'x',
      'a.b.c',
      gateway.adminKey,
      `${token.slice(0, -6)}AAAAAA`,
      'x'.repeat(8193),
    ]) {
      expect(await said(text)).toBe('401 invalid_token')
    }
  })

  it('tells of each refusal, with its cause and without the token', async () => {
    const refusals: Refusal[] = []
    const verifier = create({
      audience: 'https://other.test',
      onRefusal: (refusal) => refusals.push(refusal),
    })
    await verifier.verify(token)
    expect(refusals).toMatchObject([{ code: 'invalid_token', cause: 'unexpected "aud" claim value' }])
    expect(JSON.stringify(refusals)).not.toContain(token.slice(0, 20))
  })

  it.each([
    { issuer: '' },
    { audience: '' },
    { audience: [] },
    { jwksUrl: 'x' },
    { clockToleranceSeconds: 61 },
    { clockToleranceSeconds: Number.NaN },
  ])('is not made with %o', (options) => {
    expect(() => create(options)).toThrow(TypeError)
  })

  it('does not take a permission that is misspelt', async () => {
    await expect(create().verify(token, { permissions: ['Orders Read'] })).rejects.toThrow(TypeError)
  })
})

describe('the Authorization header', () => {
  it.each([
    [undefined, 'missing_token'],
    [null, 'missing_token'],
    ['', 'missing_token'],
    ['Basic YTpi', 'missing_token'],
    ['Bearer', 'invalid_token'],
    ['Bearer a b', 'invalid_token'],
    ['Bearer a, Bearer b', 'invalid_token'],
    ['Bearer é', 'invalid_token'],
  ])('%j is refused with %s', async (header, code) => {
    expect(await create().verifyHeader(header)).toMatchObject({ ok: false, refusal: { status: 401, code } })
  })

  it('holds one token, whatever the case of its scheme', async () => {
    expect((await create().verifyHeader(`bEARER  ${token}`)).ok).toBe(true)
    expect((await create().verifyHeader(`Bearer ${token}, Bearer ${token}`)).ok).toBe(false)
  })
})

describe('the keys', () => {
  const fetches = () => front.seenAt(KEYS).length

  it('are fetched once for many tokens at once', async () => {
    const verifier = create()
    const answers = await Promise.all(Array.from({ length: 100 }, () => said(token, verifier)))
    expect([new Set(answers), fetches()]).toEqual([new Set(['ok']), 1])
  })

  it('are not fetched for each token that names an unknown one', async () => {
    const verifier = create()
    for (let n = 0; n < 50; n++) await said(await forge({ header: { kid: `k${n}` } }), verifier)
    expect(fetches()).toBe(1)
  })

  it('are fetched again after five minutes, so that a withdrawn one is refused and a new one known', async () => {
    const verifier = create()
    expect(await said(token, verifier)).toBe('ok')
    const rotated = await gateway.call('POST', '/api/v1/signing-keys/rotate', { token, json: { now: true } })
    expect(rotated.status).toBeLessThan(300)
    const fresh = await gateway.accessToken()
    gateway.pass(299)
    expect(await said(token, verifier)).toBe('ok')
    gateway.pass(1)
    expect(await said(token, verifier)).toBe('401 invalid_token')
    expect(await said(fresh, verifier)).toBe('ok')
  })

  it('stay good for an hour when nobody answers, asked for once in half a minute', async () => {
    const verifier = create()
    const long = await forge({ claims: { exp: nowSeconds() + 7200 } })
    await said(long, verifier)
    front.answerNext(KEYS, ...Array.from({ length: 1000 }, () => new Response(null, { status: 502 })))
    const saidAfter = async (seconds: number) => {
      gateway.pass(seconds)
      return [await said(long, verifier), fetches()]
    }
    expect(await saidAfter(300)).toEqual(['ok', 2])
    expect(await saidAfter(29)).toEqual(['ok', 2])
    expect(await saidAfter(1)).toEqual(['ok', 3])
    expect(await saidAfter(3269)).toEqual(['ok', 4])
    expect(await saidAfter(1)).toEqual(['503 keys_unavailable', 5])
    front.answerNext(KEYS)
    expect(await saidAfter(0)).toEqual(['ok', 6])
  })

  it.each([
    ['is an error', () => new Response('{}', { status: 500 })],
    ['is no JSON', () => new Response('<p>')],
    ['is no key set', () => new Response('{"keys":1}')],
    ['leads elsewhere', () => new Response(null, { status: 302, headers: { Location: front.url + KEYS } })],
  ])('are unavailable when the first answer %s, and the next is asked for', async (_, answer) => {
    const verifier = create()
    front.answerNext(KEYS, answer())
    expect(await verifier.verify(token)).toMatchObject({
      refusal: { status: 503, code: 'keys_unavailable', headers: { 'Retry-After': '5' } },
    })
    expect(await said(token, verifier)).toBe('ok')
  })

  it('say why they are unavailable', async () => {
    const gone = await startFront(() => new Response())
    await gone.close()
    const verdict = await create({ jwksUrl: gone.url }).verify(token)
    expect(verdict.ok || verdict.refusal.cause).toMatch(
      /^The key set cannot be used: fetch failed: .*ECONNREFUSED/,
    )
  })
})
