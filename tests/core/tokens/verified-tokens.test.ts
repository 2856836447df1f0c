import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SigningKeys } from '../../../src/core/tokens/signing-keys.ts'
import { createVerifiedTokens, type VerifiedToken } from '../../../src/core/tokens/verified-tokens.ts'
import type { Principal } from '../../../src/core/tokens/verify.ts'
import { newOAuthClient, type OAuthClient } from '../../support/oauth.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

const nowSeconds = 1_800_000_000
const at = (seconds: number) => new Date((nowSeconds + seconds) * 1000)

const token = (changes: Partial<Principal> = {}, kid = 'kid'): VerifiedToken => ({
  kid,
  principal: {
    issuer: 'https://gateway.test',
    subject: 'client',
    audiences: ['https://a.test'],
    clientId: 'client',
    keyId: 'key',
    assurance: undefined,
    sessionId: 'session',
    tokenId: 'token',
    permissions: [],
    parentTokenIds: [],
    delegate: undefined,
    issuedAt: nowSeconds,
    expiresAt: nowSeconds + 60,
    ...changes,
  },
})

const trusted: Pick<SigningKeys, 'find'> = {
  find: (kid) => (kid === 'kid' ? { algorithm: 'HS256', key: new Uint8Array() } : undefined),
}
const asked = (now: Date, changes: object = {}) => ({
  signingKeys: trusted,
  audiences: ['https://a.test', 'https://b.test'],
  clockSkewSeconds: 5,
  now,
  ...changes,
})

describe('the verified tokens', () => {
  const known = createVerifiedTokens({ maxTokens: 10 })
  known.remember('one', token(), at(0))

  it('answer what was verified, for its own text alone', () => {
    expect(known.find('one', asked(at(0)))?.principal).toEqual(token().principal)
    expect(known.find('two', asked(at(0)))).toBeUndefined()
  })

  it('forget a token at the second in which a verification would refuse it', () => {
    expect(known.find('one', asked(at(64.999)))).toBeDefined()
    expect(known.find('one', asked(at(65)))).toBeUndefined()
    expect(known.find('one', asked(at(59.999), { clockSkewSeconds: 0 }))).toBeDefined()
    expect(known.find('one', asked(at(60), { clockSkewSeconds: 0 }))).toBeUndefined()
  })

  it('do not answer for an audience that the token is not for', () => {
    expect(known.find('one', asked(at(0), { audiences: ['https://b.test'] }))).toBeUndefined()
  })

  it('do not answer when the key of the signature is trusted no more', () => {
    expect(known.find('one', asked(at(0), { signingKeys: { find: () => undefined } }))).toBeUndefined()
  })

  it('do not answer from before they knew, when the clock has stepped back', () => {
    expect(known.find('one', asked(at(-0.001)))).toBeUndefined()
  })

  it('hold no more than they may, and keep those that are asked for', () => {
    const bounded = createVerifiedTokens({ maxTokens: 100 })
    bounded.remember('in use', token(), at(0))
    for (let count = 0; count < 10_000; count++) {
      bounded.remember(`stranger ${count}`, token(), at(0))
      expect(bounded.size()).toBeLessThanOrEqual(100)
      expect(bounded.find('in use', asked(at(0)))).toBeDefined()
    }
    expect(bounded.find('stranger 0', asked(at(0)))).toBeUndefined()
    expect(bounded.find('stranger 9999', asked(at(0)))).toBeDefined()
  })
})

describe('a token that is known as verified', () => {
  let gateway: TestGateway
  let verifications = 0

  beforeAll(async () => {
    gateway = await createTestGateway()
    const { subtle } = crypto
    const verify = subtle.verify.bind(subtle)
    subtle.verify = (...args: Parameters<typeof verify>) => {
      verifications++
      return verify(...args)
    }
  })

  afterAll(() => {
    Reflect.deleteProperty(crypto.subtle, 'verify')
    return gateway.close()
  })

  const me = async (access: string) =>
    (await gateway.call('GET', '/api/v1/me', { token: access })).body.error?.code ?? 'ok'
  const verifiedFor = async (access: string) => {
    const before = verifications
    return { answer: await me(access), verifications: verifications - before }
  }
  const end = (access: string, path: string, method = 'DELETE') =>
    gateway.call(method, path, { token: access })
  const claimsOf = (access: string) => JSON.parse(Buffer.from(access.split('.')[1]!, 'base64url').toString())

  it('is one that was minted here, from its first use on', async () => {
    const access = await gateway.accessToken()
    expect(await verifiedFor(access)).toEqual({ answer: 'ok', verifications: 0 })
  })

  it('reads as it would if it were verified', async () => {
    const access = await gateway.accessToken(undefined, { permissions: ['keys:read', 'clients:read'] })
    const caller = { address: undefined, userAgent: undefined, requestId: 'test' }
    const minted = await gateway.service.admit(access, caller)
    const verified = await gateway.service.admit(respelled(access), caller)
    if (!minted.ok || !verified.ok) throw new Error('not admitted')
    expect(verified.value.principal).toEqual(minted.value.principal)
  })

  it('is verified by each other spelling of its text, once', async () => {
    const access = await gateway.accessToken()
    const other = respelled(access)
    expect(await verifiedFor(other)).toEqual({ answer: 'ok', verifications: 1 })
    expect(await verifiedFor(other)).toEqual({ answer: 'ok', verifications: 0 })
  })

  it('says nothing for a text with other claims or another signature', async () => {
    const access = await gateway.accessToken()
    expect(await me(access)).toBe('ok')
    const [header, payload, signature] = access.split('.') as [string, string, string]
    const claims = { ...claimsOf(access), sub: 'somebody else' }
    const forged = Buffer.from(JSON.stringify(claims)).toString('base64url')
    expect(await me(`${header}.${forged}.${signature}`)).toBe('invalid_token')
    expect(await me(`${header}.${payload}.${signature.split('').toReversed().join('')}`)).toBe(
      'invalid_token',
    )
  })

  it.each([
    ['itself', (claims: Record<string, string>) => `/api/v1/tokens/${claims['jti']}`],
    ['its session', (claims: Record<string, string>) => `/api/v1/sessions/${claims['sid']}`],
  ])('is refused at once when %s is ended, in every spelling', async (_, path) => {
    const access = await gateway.accessToken()
    expect([await me(access), await me(respelled(access))]).toEqual(['ok', 'ok'])
    await end(await gateway.accessToken(), path(claimsOf(access)))
    expect([await me(access), await me(respelled(access))]).toEqual(['token_revoked', 'token_revoked'])
  })

  it.each([
    ['its key is revoked', ({ keyId }: OAuthClient) => `/api/v1/keys/${keyId}/revoke`],
    ['its client is cut off', ({ id }: OAuthClient) => `/api/v1/clients/${id}/cut-off`],
  ])('is refused at once when %s', async (_, path) => {
    const client = await newOAuthClient(gateway)
    const access = await gateway.accessToken(client.apiKey)
    expect(await me(access)).toBe('ok')
    const ended = await end(await gateway.accessToken(), path(client), 'POST')
    expect(ended.status).toBe(200)
    expect(await me(access)).toBe('token_revoked')
  })

  it('is refused at once when the key that signed it is ended', async () => {
    const access = await gateway.accessToken()
    expect(await me(access)).toBe('ok')
    const json = { now: true }
    const rotated = await gateway.call('POST', '/api/v1/signing-keys/rotate', { token: access, json })
    expect(rotated.status).toBe(201)
    expect([await me(access), await me(await gateway.accessToken())]).toEqual(['invalid_token', 'ok'])
  })

  it('is good to the last second of its time and its tolerance, and not in the first after it', async () => {
    const access = await gateway.accessToken(undefined, { expires_in: 60 })
    gateway.pass(64)
    expect(await verifiedFor(access)).toEqual({ answer: 'ok', verifications: 0 })
    gateway.pass(1)
    expect(await me(access)).toBe('token_expired')
  })
})

/** The same bytes in another text: the last character of a signature on P-256 has four bits that count for nothing. */
function respelled(access: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return access.slice(0, -1) + alphabet[alphabet.indexOf(access.at(-1)!) ^ 1]
}
