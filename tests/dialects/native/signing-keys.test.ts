import {
  type CryptoKey,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportPKCS8,
  exportSPKI,
  generateKeyPair,
  type JWK,
  SignJWT,
} from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Memory } from '../../../src/core/service-parts.ts'
import { rotateSigningKeys } from '../../../src/core/tokens/change-signing-keys.ts'
import {
  keepSigningKeys,
  loadSigningKeys,
  reloadSigningKeys,
} from '../../../src/core/tokens/keep-signing-keys.ts'
import { createKeyRing } from '../../../src/core/tokens/signing-key-ring.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

const LEAD = 900
const DAY = 86_400

let gateway: TestGateway

beforeEach(async () => {
  gateway = await createTestGateway()
})

afterEach(() => gateway.close())

const keyPair = () => generateKeyPair('ES256', { extractable: true })
const kidOf = (token: string) => decodeProtectedHeader(token).kid!
const states = async () => Object.fromEntries((await listed()).map(({ kid, state }) => [kid, state]))

async function asAdmin(method: string, path: string, json?: unknown) {
  return gateway.call(method, `/api/v1${path}`, { token: await gateway.accessToken(), json })
}

async function listed(): Promise<readonly { kid: string; state: string; [member: string]: unknown }[]> {
  return (await asAdmin('GET', '/signing-keys')).body.data.items
}

async function published(): Promise<readonly JWK[]> {
  return (await gateway.call('GET', '/.well-known/jwks.json')).body.keys
}

const statusOf = async (token: string) => (await gateway.call('GET', '/api/v1/me', { token })).status

/** What a running process does every minute. */
async function tick(changes: Partial<typeof testPolicy> = {}): Promise<void> {
  await keepSigningKeys(gateway.world, { ...testPolicy, ...changes })
  await reloadSigningKeys(gateway.world, gateway.signingKeys)
}

describe('the rotation of signing keys', () => {
  it('publishes the next key 15 minutes before it signs, and the last one until its last token is over', async () => {
    const before = await gateway.accessToken()
    const rotated = await asAdmin('POST', '/signing-keys/rotate', {})
    expect(rotated.status).toBe(201)
    const { kid } = rotated.body.data
    expect(await states()).toEqual({ [kidOf(before)]: 'active', [kid]: 'pending' })
    expect((await published()).map((key) => key.kid).sort()).toEqual([kidOf(before), kid].sort())

    gateway.pass(LEAD - 1)
    expect(kidOf(await gateway.accessToken())).toBe(kidOf(before))
    gateway.pass(1)
    const after = await gateway.accessToken()
    expect(kidOf(after)).toBe(kid)
    expect(await states()).toEqual({ [kidOf(before)]: 'retiring', [kid]: 'active' })
    expect([await statusOf(before), await statusOf(after)]).toEqual([200, 200])

    gateway.pass(DAY + 59)
    expect(await states()).toMatchObject({ [kidOf(before)]: 'retiring' })
    gateway.pass(1)
    expect(await states()).toMatchObject({ [kidOf(before)]: 'gone' })
    expect((await published()).map((key) => key.kid)).toEqual([kid])
  })

  it('answers the key that is waiting already, instead of making another', async () => {
    const [first, second] = [
      await asAdmin('POST', '/signing-keys/rotate', {}),
      await asAdmin('POST', '/signing-keys/rotate', { now: false }),
    ]
    expect(second.body.data).toEqual(first.body.data)
  })

  it('comes by itself after so many days, and never where the operator wants none', async () => {
    gateway.pass(30 * DAY - LEAD - 1)
    await tick()
    expect(await published()).toHaveLength(1)
    gateway.pass(1)
    await tick({ signingKeyRotationDays: 0 })
    expect(await published()).toHaveLength(1)
    await tick()
    await tick()
    const [old, next] = await listed()
    expect([old?.state, next?.state]).toEqual(['active', 'pending'])
    gateway.pass(LEAD)
    expect(kidOf(await gateway.accessToken())).toBe(next?.kid)
  })

  it('follows another SIGNING_ALG after the lead, and keeps the tokens of the one before', async () => {
    const before = await gateway.accessToken()
    await tick({ signingAlgorithm: 'EdDSA' })
    expect(decodeProtectedHeader(await gateway.accessToken()).alg).toBe('ES256')
    gateway.pass(LEAD)
    expect(decodeProtectedHeader(await gateway.accessToken()).alg).toBe('EdDSA')
    expect(await statusOf(before)).toBe(200)
  })

  it('erases a key that is gone, a day later', async () => {
    const [first] = await listed()
    await asAdmin('POST', '/signing-keys/rotate', {})
    gateway.pass(LEAD + DAY + 60 + DAY)
    await tick()
    const rows = await gateway.database.query(
      'select sealed_private_jwk s, public_jwk p from signing_keys where kid = $1',
      [first?.kid],
    )
    expect(rows).toEqual([{ s: null, p: null }])
    expect((await states())[first!.kid]).toBe('gone')
  })
})

describe('the rotation in an emergency', () => {
  it('signs with the new key at once, and ends every other with its tokens', async () => {
    const { publicKey } = await keyPair()
    const trusted = await asAdmin('POST', '/signing-keys', { jwk: await exportJWK(publicKey) })
    await asAdmin('POST', '/signing-keys/rotate', {})
    const before = await gateway.accessToken()
    const rotated = await asAdmin('POST', '/signing-keys/rotate', { now: true })
    expect(rotated.body.data.state).toBe('active')
    expect(await statusOf(before)).toBe(401)
    const after = await gateway.accessToken()
    expect(kidOf(after)).toBe(rotated.body.data.kid)
    expect(Object.values(await states()).sort()).toEqual(['active', 'gone', 'gone', 'trusted'])
    expect((await published()).map((key) => key.kid).sort()).toEqual(
      [trusted.body.data.kid, kidOf(after)].sort(),
    )
  })

  it('stays in force where a clock is an hour behind', async () => {
    const before = await gateway.accessToken()
    gateway.pass(7200)
    await asAdmin('POST', '/signing-keys/rotate', { now: true })
    gateway.pass(-7190)
    expect(await statusOf(before)).toBe(401)
    expect(await statusOf(await gateway.accessToken())).toBe(200)
  })
})

describe('a key that is brought', () => {
  it.each(['jwk', 'pem'])('signs after the lead when it has its private half, as %s', async (form) => {
    const { privateKey } = await keyPair()
    const key = form === 'jwk' ? await exportJWK(privateKey) : await exportPKCS8(privateKey)
    const brought = await asAdmin('POST', '/signing-keys', { [form]: key })
    expect(brought.status).toBe(201)
    expect(brought.body.data).toMatchObject({ origin: 'imported', state: 'pending', algorithm: 'ES256' })
    expect(brought.text).not.toContain((await exportJWK(privateKey)).d)
    gateway.pass(LEAD)
    const token = await gateway.accessToken()
    expect(kidOf(token)).toBe(brought.body.data.kid)
    expect(await statusOf(token)).toBe(200)
  })

  it('is not rotated away, whatever its age and algorithm', async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { extractable: true })
    const brought = await asAdmin('POST', '/signing-keys', { jwk: await exportJWK(privateKey) })
    for (const days of [1, 40, 400]) {
      gateway.pass(days * DAY)
      await tick()
      expect(kidOf(await gateway.accessToken())).toBe(brought.body.data.kid)
    }
    expect(await published()).toHaveLength(1)
  })

  it.each(['jwk', 'pem'])('is trusted and never signs when it is public, as %s', async (form) => {
    const { privateKey, publicKey } = await keyPair()
    const key = form === 'jwk' ? await exportJWK(publicKey) : await exportSPKI(publicKey)
    const brought = await asAdmin('POST', '/signing-keys', { [form]: key })
    expect(brought.body.data).toMatchObject({ origin: 'trusted', state: 'trusted', active_from: null })
    const { kid } = brought.body.data
    const token = await tokenSignedBy(privateKey, kid)
    expect(await statusOf(token)).toBe(200)
    gateway.pass(LEAD + 60)
    expect(kidOf(await gateway.accessToken())).not.toBe(kid)
    expect((await published()).map((jwk) => jwk.kid)).toContain(kid)

    expect((await asAdmin('DELETE', `/signing-keys/${kid}`)).body.data.state).toBe('gone')
    expect(await statusOf(token)).toBe(401)
    const again = await asAdmin('POST', '/signing-keys', { [form]: key })
    expect([again.status, again.body.error.code]).toEqual([409, 'signing_key_known'])
  })

  it.each([
    ['nothing', {}],
    ['both forms', { jwk: { kty: 'oct' }, pem: 'x' }],
    ['a weak secret', { jwk: { kty: 'oct', k: 'c2hvcnQ' } }],
    ['no PEM', { pem: 'canary-canary' }],
    ['a text for a JWK', { jwk: 'canary-canary' }],
    ['a foreign field', { jwk: { kty: 'oct', k: 'c2hvcnQ' }, canary: 1 }],
    ['a nested JWK', { jwk: { kty: { kty: 'EC' }, crv: ['P-256'], d: {}, x: [], y: null } }],
    ['a JWK named like a prototype', { jwk: { kty: '__proto__', d: 'x' } }],
  ])('is refused with 400 when it is %s, and not said back', async (_, body) => {
    const refused = await asAdmin('POST', '/signing-keys', body)
    expect(refused.status).toBe(400)
    expect(refused.body.error.details.length).toBeGreaterThan(0)
    expect(refused.text).not.toMatch(/canary-canary|c2hvcnQ/)
    expect(await published()).toHaveLength(1)
  })
})

describe('a signing key that is retired', () => {
  it('is not the only one that signs', async () => {
    const [only] = await listed()
    const refused = await asAdmin('DELETE', `/signing-keys/${only?.kid}`)
    expect([refused.status, refused.body.error.code]).toEqual([409, 'signing_key_only_active'])
    expect(await states()).toEqual({ [only!.kid]: 'active' })
  })

  it('leaves the one before it in office when it was still waiting', async () => {
    const [first] = await listed()
    const next = await asAdmin('POST', '/signing-keys/rotate', {})
    expect((await asAdmin('DELETE', `/signing-keys/${next.body.data.kid}`)).status).toBe(200)
    gateway.pass(3 * DAY)
    await tick()
    expect(kidOf(await gateway.accessToken())).toBe(first?.kid)
  })

  it('takes its tokens with it when it was on its way out', async () => {
    const before = await gateway.accessToken()
    await asAdmin('POST', '/signing-keys/rotate', {})
    gateway.pass(LEAD)
    expect(await statusOf(before)).toBe(200)
    expect((await asAdmin('DELETE', `/signing-keys/${kidOf(before)}`)).body.data.state).toBe('gone')
    expect(await statusOf(before)).toBe(401)
    expect((await asAdmin('DELETE', `/signing-keys/${kidOf(before)}`)).status).toBe(200)
  })

  it('is told apart from one that there never was', async () => {
    const { status, body } = await asAdmin('DELETE', `/signing-keys/${'x'.repeat(43)}`)
    expect([status, body.error.code]).toEqual([404, 'signing_key_not_found'])
    expect((await asAdmin('DELETE', '/signing-keys/short')).status).toBe(400)
  })
})

describe('the key set', () => {
  it('has public members only, a unique kid, its alg and its use', async () => {
    for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
      const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
      await asAdmin('POST', '/signing-keys', { jwk: { ...(await exportJWK(privateKey)), secret: 'canary' } })
    }
    const hs256 = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') }
    expect((await asAdmin('POST', '/signing-keys', { jwk: hs256 })).status).toBe(201)
    const keys = await published()
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(4)
    const allowed = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use', 'key_ops']
    for (const key of keys) {
      expect(Object.keys(key).filter((member) => !allowed.includes(member))).toEqual([])
      expect(key).toMatchObject({ use: 'sig', kid: expect.any(String), alg: expect.any(String) })
    }
  })
})

describe('an unknown kid', () => {
  it('costs one look at the store in five seconds, however many come', async () => {
    // Not by the statistics of the server, which other tests empty, and which then count the question for a look.
    const { store } = gateway.world
    const list = store.listSigningKeys
    let looks = 0
    const listSigningKeys = () => {
      looks++
      return list()
    }
    Object.assign(store, { listSigningKeys } satisfies Partial<typeof store>)
    const forged = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const { privateKey } = index === 0 ? await keyPair() : pair
        return tokenSignedBy(privateKey, `unknown ${index}`)
      }),
    )
    expect(new Set(await Promise.all(forged.map(statusOf)))).toEqual(new Set([401]))
    for (const token of forged) expect(await statusOf(token)).toBe(401)
    expect(looks).toBe(1)
    gateway.pass(5)
    await statusOf(forged[0]!)
    expect(looks).toBe(2)
  })

  it('is found when another instance has made it and the news did not come', async () => {
    const { world } = gateway
    const before = await gateway.accessToken()
    const signingKeys = createKeyRing(await loadSigningKeys(world, testPolicy), { looksOutliveCalls: true })
    const others = { world, policy: testPolicy, memory: { signingKeys } as Memory }
    const { kid } = await rotateSigningKeys(others, { now: true })
    const key = signingKeys.active(world.now())
    expect(key.kid).toBe(kid)
    const token = await key.sign(key.accessTokenHeader, JSON.stringify(decodeJwt(before)))
    expect(await statusOf(before)).toBe(200)
    expect(await Promise.all([token, token, token].map(statusOf))).toEqual([200, 200, 200])
    expect(await statusOf(before)).toBe(401)
  })
})

const pair = await keyPair()

/** A token as this gateway makes them, signed by somebody else. */
async function tokenSignedBy(privateKey: CryptoKey, kid: string): Promise<string> {
  return new SignJWT(decodeJwt(await gateway.accessToken()))
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
    .sign(privateKey)
}
