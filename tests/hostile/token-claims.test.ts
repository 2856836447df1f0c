import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { forgeToken, type TokenParts } from './forged-token.ts'

let gateway: TestGateway
let genuine: string

beforeAll(async () => {
  gateway = await createTestGateway()
  genuine = await gateway.accessToken()
})

afterEach(() => expect(gateway.faults.splice(0)).toEqual([]))
afterAll(() => gateway.close())

const me = (token: string) => gateway.call('GET', '/api/v1/me', { token })
const nowSeconds = () => Math.floor(gateway.world.now().getTime() / 1000)

/** Changes parts of a genuine token and has the gateway's own key sign it: what is left to judge are the claims. */
async function meWith(parts: TokenParts): Promise<string> {
  const { status, body } = await me(await forgeToken(gateway, genuine, parts))
  return `${status} ${body.error?.code ?? 'ok'}`
}

describe('the verification of claims', () => {
  it.each([
    ['exp', [undefined, null, '9999999999', '', true, [], {}, [4102444800]]],
    ['iat', [undefined, null, '1767225600', '', true, [], {}]],
    ['nbf', [null, '0', true, [], {}]],
    ['iss', [undefined, null, 42, '', [], ['https://gateway.test'], {}]],
    [
      'iss',
      ['https://gateway.test/', 'https://GATEWAY.test', 'http://gateway.test', 'https://gateway.test.evil'],
    ],
    [
      'aud',
      [undefined, null, 42, '', [], [42], {}, { 0: 'https://gateway.test' }, [['https://gateway.test']]],
    ],
    [
      'aud',
      ['https://orders.test', 'https://gateway.test/', 'https://GATEWAY.test', ['https://orders.test']],
    ],
    ['aud', ['https://gateway.test https://orders.test', 'https://gateway.test,https://orders.test']],
    ['sub', [undefined, null, 42, true, [], ['x'], {}]],
    ['jti', [undefined, null, 42, [], {}]],
    ['sid', [undefined, null, 42, [], {}]],
    ['client_id', [undefined, null, 42, [], {}]],
    ['key_id', [undefined, null, 42, [], {}]],
    ['scope', [undefined, null, 42, ['*'], { 0: '*' }, true]],
  ])('refuses a %s that is none of %j', async (claim, values) => {
    for (const value of values) {
      expect([value, await meWith({ claims: { [claim]: value } })]).toEqual([value, '401 invalid_token'])
    }
  })

  it('refuses an audience list that holds more than texts', async () => {
    for (const odd of [42, null, {}, [], true]) {
      const answer = await meWith({ claims: { aud: ['https://gateway.test', odd] } })
      expect([odd, answer]).toEqual([odd, '401 invalid_token'])
    }
  })

  it.each([
    'JWT',
    'jwt',
    'rt+jwt',
    'id+jwt',
    'dpop+jwt',
    'secevent+jwt',
    'at+jwt ',
    'at',
    '',
    null,
    42,
    undefined,
  ])('refuses the type %j', async (typ) => {
    expect(await meWith({ header: { typ } })).toBe('401 invalid_token')
  })

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt'])('takes the type %j of RFC 9068', async (typ) => {
    expect(await meWith({ header: { typ } })).toBe('200 ok')
  })

  it.each(['null', '[]', '42', '"text"', 'true', '', '{', '{"exp":NaN}', '\u0000', '[{"exp":1}]'])(
    'refuses the payload %j',
    async (payload) => {
      expect(await meWith({ payload })).toBe('401 invalid_token')
    },
  )

  it.each(['1e400', '-1e400', '1e308', '9007199254740993', '253402300800', '-1', '0'])(
    'refuses an exp of %s',
    async (exp) => {
      const claims = JSON.stringify({ ...decodeJwt(genuine), exp: 'EXP' })
      expect(await meWith({ payload: claims.replace('"EXP"', exp) })).toMatch(/^401 /)
      const both = JSON.stringify({ ...decodeJwt(genuine), exp: 'EXP', iat: 'EXP' })
      expect(await meWith({ payload: both.replaceAll('"EXP"', exp) })).toMatch(/^401 /)
    },
  )

  it('refuses a token that claims to be from a far future, and breaks on none', async () => {
    const tenYears = 315_360_000
    const times: readonly (readonly [number, number])[] = [
      [nowSeconds() + tenYears, nowSeconds() + tenYears + 3600],
      [1e16, 1e16 + 2],
      [9e15, 9e15 + 3600],
    ]
    for (const [iat, exp] of times) {
      expect([iat, await meWith({ claims: { iat, exp } })]).toEqual([iat, '401 invalid_token'])
    }
  })

  it('takes a life of one day and refuses one of a second more', async () => {
    const iat = nowSeconds()
    expect(await meWith({ claims: { iat, exp: iat + 86_400 } })).toBe('200 ok')
    expect(await meWith({ claims: { iat, exp: iat + 86_401 } })).toBe('401 invalid_token')
    expect(await meWith({ claims: { iat: 0 } })).toBe('401 invalid_token')
    expect(await meWith({ claims: { iat: -1e300 } })).toBe('401 invalid_token')
  })

  it('refuses a token that ends before it begins', async () => {
    expect(await meWith({ claims: { iat: nowSeconds() + 4000 } })).toBe('401 invalid_token')
  })

  it('honours nbf: the last second of skew allowed and the first refused', async () => {
    expect(await meWith({ claims: { nbf: nowSeconds() + 5 } })).toBe('200 ok')
    expect(await meWith({ claims: { nbf: nowSeconds() + 6 } })).toBe('401 invalid_token')
    expect(await meWith({ claims: { nbf: nowSeconds() + 3000 } })).toBe('401 invalid_token')
  })

  it('grants nothing for what is not a permission', async () => {
    for (const scope of [
      '',
      '  ',
      '**',
      'KEYS:READ',
      'keys:read\u0000',
      'keys',
      'keys:',
      ':*',
      'keys:readx',
    ]) {
      const token = await forgeToken(gateway, genuine, { claims: { scope } })
      expect([scope, (await gateway.call('GET', '/api/v1/clients', { token })).status]).toEqual([scope, 403])
    }
  })

  it("never tells one caller's identity to another, however their calls alternate", async () => {
    const made = await gateway.call('POST', '/api/v1/clients', { token: genuine, json: { name: 'other' } })
    const key = await gateway.call('POST', `/api/v1/clients/${made.body.data.id}/keys`, {
      token: genuine,
      json: { name: 'one' },
    })
    const other = await gateway.accessToken(key.body.data.api_key)
    const tokens = Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? genuine : other))
    const answers = await Promise.all(tokens.map(me))
    expect(answers.map(({ body }) => body.data.subject)).toEqual(tokens.map((token) => decodeJwt(token).sub))
  })
})

describe('the end of an access token', () => {
  it.each([
    [0, 3600],
    [5, 3605],
    [60, 3660],
  ])('comes with a skew of %i s after %i s, and not a second earlier', async (clockSkewSeconds, end) => {
    const timed = await createTestGateway({ policy: { clockSkewSeconds } })
    try {
      const token = await timed.accessToken()
      timed.pass(end - 1)
      expect((await timed.call('GET', '/api/v1/me', { token })).status).toBe(200)
      timed.pass(1)
      const late = await timed.call('GET', '/api/v1/me', { token })
      expect([late.status, late.body.error.code]).toEqual([401, 'token_expired'])
      expect(late.headers.get('www-authenticate')).toContain('error="invalid_token"')
    } finally {
      await timed.close()
    }
  })

  it('is as asked for when the token was narrowed to one second', async () => {
    const timed = await createTestGateway({ policy: { clockSkewSeconds: 0 } })
    try {
      const token = await timed.accessToken(timed.adminKey, { expires_in: 1 })
      expect((await timed.call('GET', '/api/v1/me', { token })).status).toBe(200)
      timed.pass(1)
      expect((await timed.call('GET', '/api/v1/me', { token })).status).toBe(401)
    } finally {
      await timed.close()
    }
  })
})
