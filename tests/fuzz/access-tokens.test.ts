import fc from 'fast-check'
import { base64url, decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLegacyKeys } from '../../src/core/tokens/legacy-keys.ts'
import { verifyAccessToken } from '../../src/core/tokens/verify.ts'
import { parseBearer } from '../../src/verify/bearer.ts'
import { forgeToken } from '../hostile/forged-token.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../support/test-gateway.ts'
import { fuzzed, patience } from './fuzzed.ts'
import { mutantsOf, oddText, oddValue } from './odd-texts.ts'

let gateway: TestGateway
let genuine: string

beforeAll(async () => {
  gateway = await createTestGateway()
  genuine = await gateway.accessToken()
})

afterAll(() => gateway.close())

const verified = (token: string) =>
  verifyAccessToken(
    { ...gateway, policy: gateway.service.policy, audiences: gateway.service.policy.audiences },
    token,
    gateway.world.now(),
  )

/** What three parts of a token say, whatever bits their last characters leave unused. */
const bytesOf = (token: string) =>
  token.split('.').map((part) => Buffer.from(part, 'base64url').toString('base64url'))

describe('an access token', patience, () => {
  it('with any edit of its text is refused, or is the same token', async () => {
    const character = fc.stringMatching(/^[A-Za-z0-9_.-]{1,2}$/)
    const mutant = fc.constant(null).chain(() => fc.oneof(mutantsOf(genuine), mutantsOf(genuine, character)))
    await fc.assert(
      fc.asyncProperty(mutant, async (token) => {
        const outcome = await verified(token)
        if (outcome.ok) expect(bytesOf(token)).toEqual(bytesOf(genuine))
      }),
      fuzzed(400),
    )
  })

  it('that is no token at all is refused, by the app as well, and nothing of it is said back', async () => {
    await fc.assert(
      fc.asyncProperty(oddText, async (text) => {
        expect((await verified(text)).ok).toBe(false)
        const shown = text.replace(/[^\x21-\x7e]/g, '')
        const answer = await gateway.call('GET', '/api/v1/me', {
          headers: { Authorization: `Bearer ${shown}` },
        })
        expect(answer.status).toBe(401)
        if (shown.length > 12) expect(answer.text).not.toContain(shown)
      }),
      fuzzed(200),
    )
    expect(gateway.faults).toEqual([])
  })

  it('that we have signed ourselves, with whatever claims, is refused or within what we promise', async () => {
    const names = [
      'iss',
      'sub',
      'aud',
      'client_id',
      'key_id',
      'sid',
      'jti',
      'scope',
      'iat',
      'exp',
      'nbf',
      'act',
    ]
    const more = ['parents', 'aal', 'amr', 'auth_time', 'crit', 'role', '__proto__', 'email', 'is_anonymous']
    const change = fc.tuple(fc.constantFrom(...names, ...more), fc.oneof(oddValue, fc.constant(undefined)))
    const headerChange = fc.tuple(fc.constantFrom('typ', 'alg', 'kid', 'crit', 'b64', 'jku', 'x'), oddValue)
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.array(headerChange, { maxLength: 1 }),
        async (changes, headerChanges) => {
          const claims = Object.fromEntries(changes)
          const header = Object.fromEntries(headerChanges)
          const outcome = await verified(await forgeToken(gateway, genuine, { claims, header }))
          if (!outcome.ok) {
            expect(outcome.failure.reason).toMatch(/^access_token_(?:invalid|expired)$/)
            return
          }
          const { principal } = outcome.value
          expect(principal.issuer).toBe(gateway.service.policy.issuer)
          expect(principal.expiresAt - principal.issuedAt).toBeLessThanOrEqual(86_400)
          expect(principal.audiences.some((one) => gateway.service.policy.audiences.includes(one))).toBe(true)
          for (const text of [principal.subject, principal.clientId, principal.sessionId, principal.tokenId])
            expect(typeof text).toBe('string')
        },
      ),
      fuzzed(400),
    )
  })

  it('whose payload is any JSON or none is refused', async () => {
    const payload = fc.oneof(
      oddText,
      oddValue.map((value) => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(payload, async (text) => {
        const token = await forgeToken(gateway, genuine, { payload: text.toWellFormed() })
        expect((await verified(token)).ok).toBe(false)
      }),
      fuzzed(200),
    )
  })

  it('says what it was minted with', () => {
    expect(decodeJwt(genuine)).toMatchObject({ iss: gateway.service.policy.issuer, scope: '*' })
    expect(base64url.encode(base64url.decode(genuine.split('.')[1]!))).toBe(genuine.split('.')[1])
  })
})

describe('a key of a former installation', patience, () => {
  it('is as good after any number of odd ones as before', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true })
    // Without an `alg` of its own: it is for whatever a token says.
    const trustedJwks = [{ ...(await exportJWK(pair.publicKey)), kid: 'old' }]
    const supabase = { ...testPolicy.supabase, trustedJwks }
    const key = await new SignJWT({ role: 'service_role' })
      .setProtectedHeader({ alg: 'ES256', kid: 'old' })
      .sign(pair.privateKey)
    const [, payload, signature] = key.split('.')
    const member = fc.oneof(
      fc.constantFrom('ES256', ['ES256'], 'RS256', ['RS256'], 'none', 'old', ['old'], 'toString'),
      oddValue,
    )
    const header = fc
      .record({ alg: member, kid: member }, { requiredKeys: [] })
      .map((one) => base64url.encode(JSON.stringify(one)))
    const odd = fc.oneof(
      header.map((one) => `${one}.${payload}.${signature}`),
      mutantsOf(key),
      oddText,
    )
    await fc.assert(
      fc.asyncProperty(fc.array(odd, { maxLength: 4 }), async (before) => {
        const keys = createLegacyKeys({ ...testPolicy, supabase })
        const roleOf = (text: string) => keys.roleOf({ text, fingerprint: text }, gateway.world.now())
        for (const text of before) {
          const role = await roleOf(text)
          if (role !== undefined) expect(bytesOf(text)).toEqual(bytesOf(key))
        }
        expect(await roleOf(key)).toBe('service_role')
      }),
      fuzzed(100),
    )
  })
})

describe('an Authorization header', () => {
  it('is one token68 behind Bearer, or none, or malformed', () => {
    const scheme = fc.mixedCase(fc.constant('bearer'))
    const token = fc.oneof(fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,20}={0,2}$/), oddText)
    const header = fc
      .tuple(
        fc.oneof(scheme, fc.constantFrom('Basic', 'Bearer\t', 'Bearerx', ' Bearer')),
        fc.constantFrom(' ', '  ', '', '\t'),
        token,
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(header, oddText), (text) => {
        const read = parseBearer(text)
        const [first = '', ...rest] = text.split(' ')
        if (first.toLowerCase() !== 'bearer') expect(read).toBeUndefined()
        else {
          const token68 = rest.join(' ').replace(/^ +/, '')
          const isToken = rest.length > 0 && /^[A-Za-z0-9._~+/-]+=*$/.test(token68) && !token68.includes('\n')
          expect([text, read]).toEqual([text, isToken ? token68 : null])
        }
      }),
      fuzzed(2000),
    )
  })

  it('that names two credentials is never read as one of them', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9.]{1,9}$/),
        fc.constantFrom(', ', ',', ' , '),
        (token, comma) => {
          expect(parseBearer(`Bearer ${token}${comma}Bearer ${token}`)).toBeNull()
        },
      ),
      fuzzed(200),
    )
  })
})
