import { createHash } from 'node:crypto'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { createLegacyKeys } from '../../../src/core/tokens/legacy-keys.ts'
import { testPolicy } from '../../support/test-gateway.ts'

const secret = 'a-secret-of-a-former-installation-0123456789'
const now = new Date('2026-01-01T00:00:00Z')
const nowSeconds = now.getTime() / 1000
const bytes = (text: string) => new TextEncoder().encode(text)

let rsa: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }
let ec: typeof rsa
let trustedJwks: readonly JWK[]

beforeAll(async () => {
  rsa = await generateKeyPair('RS256', { extractable: true })
  ec = await generateKeyPair('ES256', { extractable: true })
  trustedJwks = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'old-rsa' },
    { ...(await exportJWK(ec.publicKey)), kid: 'old-ec', alg: 'ES256', use: 'sig' },
  ]
})

interface Told {
  readonly header?: { readonly alg?: string; readonly kid?: string }
  readonly key?: CryptoKey | Uint8Array
  readonly claims?: Readonly<Record<string, unknown>>
}

function token({ header, key = bytes(secret), claims }: Told = {}): Promise<string> {
  const payload = { iss: 'supabase', role: 'service_role', ...claims }
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header }).sign(key)
}

function fresh(supabase: object = {}) {
  const policy = {
    ...testPolicy,
    supabase: { ...testPolicy.supabase, jwtSecret: secret, trustedJwks, ...supabase },
  }
  const keys = createLegacyKeys(policy)
  return (text: string, at = now) =>
    keys.roleOf({ text, fingerprint: createHash('sha256').update(text).digest('base64url') }, at)
}

describe('a key of a former installation', () => {
  it.each([
    ['service_role', 'service_role'],
    ['supabase_admin', 'service_role'],
    ['anon', 'anon'],
  ])('with the role %s is for %s', async (role, expected) => {
    expect(await fresh()(await token({ claims: { role } }))).toBe(expected)
  })

  it('is good with and without an end and a kid, whichever of the three algorithms signed it', async () => {
    const roleOf = fresh()
    const signed = [
      await token(),
      await token({ header: { kid: 'whatever-the-secret-was-called' } }),
      await token({ claims: { exp: nowSeconds + 60 } }),
      await token({ header: { alg: 'RS256', kid: 'old-rsa' }, key: rsa.privateKey }),
      await token({ header: { alg: 'RS256' }, key: rsa.privateKey }),
      await token({ header: { alg: 'ES256', kid: 'old-ec' }, key: ec.privateKey }),
      await token({ header: { alg: 'ES256' }, key: ec.privateKey }),
    ]
    for (const text of signed) expect(await roleOf(text)).toBe('service_role')
  })

  it('is over at its end, also when it was good a moment before', async () => {
    const roleOf = fresh()
    const text = await token({ claims: { exp: nowSeconds + 60 } })
    const at = (seconds: number) => new Date(now.getTime() + seconds * 1000)
    expect(await roleOf(text)).toBe('service_role')
    expect(await roleOf(text, at(60 + testPolicy.clockSkewSeconds - 1))).toBe('service_role')
    expect(await roleOf(text, at(60 + testPolicy.clockSkewSeconds))).toBeUndefined()
  })

  it('does not count before its time', async () => {
    expect(await fresh()(await token({ claims: { nbf: nowSeconds + 60 } }))).toBeUndefined()
  })

  it('is none with another secret, without a signature, or with one that was changed', async () => {
    const roleOf = fresh()
    const genuine = await token()
    const [, payload, signature = ''] = genuine.split('.')
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    const forged = [
      await token({ key: bytes(`${secret}!`) }),
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${genuine.slice(0, -4)}AAAA`,
      genuine.replace(`.${payload}.`, `.${Buffer.from('{"role":"service_role"}').toString('base64url')}.`),
    ]
    for (const text of forged) expect(await roleOf(text)).toBeUndefined()
  })

  it('is none when a public key was taken for the secret, in whichever form', async () => {
    const roleOf = fresh()
    for (const { publicKey } of [rsa, ec]) {
      const jwk = await exportJWK(publicKey)
      const texts = [
        await exportSPKI(publicKey),
        JSON.stringify(jwk),
        JSON.stringify(trustedJwks),
        jwk.n ?? jwk.x ?? '',
      ]
      for (const text of texts) {
        for (const kid of [undefined, 'old-rsa', 'old-ec']) {
          const forged = await token({ header: { ...(kid && { kid }) }, key: bytes(text) })
          expect(await roleOf(forged)).toBeUndefined()
        }
      }
    }
  })

  it('is none by a key of ours that is not named, or by the key of another', async () => {
    const roleOf = fresh()
    const stranger = await generateKeyPair('RS256')
    expect(
      await roleOf(await token({ header: { alg: 'RS256', kid: 'old-rsa' }, key: stranger.privateKey })),
    ).toBeUndefined()
    expect(
      await roleOf(await token({ header: { alg: 'RS256', kid: 'old-ec' }, key: rsa.privateKey })),
    ).toBeUndefined()
    expect(
      await roleOf(await token({ header: { alg: 'PS256', kid: 'old-rsa' }, key: await pss() })),
    ).toBeUndefined()
    expect(
      await roleOf(await token({ header: { alg: 'HS512' }, key: bytes(secret.repeat(2)) })),
    ).toBeUndefined()
  })

  it('is none when it is somebody’s token, or says its role elsewhere', async () => {
    const roleOf = fresh()
    const claims = [
      { role: 'authenticated' },
      { role: undefined },
      { role: ['service_role'] },
      {
        role: 'authenticated',
        user_metadata: { role: 'service_role' },
        app_metadata: { role: 'service_role' },
      },
      { session_id: '0b9e6c30-0000-4000-8000-000000000000' },
      { sid: '0b9e6c30-0000-4000-8000-000000000000' },
    ]
    for (const some of claims) expect(await roleOf(await token({ claims: some }))).toBeUndefined()
  })

  it('is none where the operator names neither a secret nor keys, or the face is off', async () => {
    const text = await token()
    const signed = await token({ header: { alg: 'ES256', kid: 'old-ec' }, key: ec.privateKey })
    for (const supabase of [{ jwtSecret: undefined, trustedJwks: [] }, { enabled: false }]) {
      const roleOf = fresh(supabase)
      expect(await roleOf(text)).toBeUndefined()
      expect(await roleOf(signed)).toBeUndefined()
    }
  })

  it('is none by a key that cannot be read or is too weak, and that is no fault', async () => {
    const weak = { kid: 'weak', kty: 'RSA', n: 'AQAB', e: 'AQAB' }
    const broken = { kid: 'old-ec', kty: 'EC', crv: 'P-256', x: '!', y: '' }
    const roleOf = fresh({ trustedJwks: [weak, broken] })
    expect(
      await roleOf(await token({ header: { alg: 'RS256', kid: 'weak' }, key: rsa.privateKey })),
    ).toBeUndefined()
    expect(
      await roleOf(await token({ header: { alg: 'ES256', kid: 'old-ec' }, key: ec.privateKey })),
    ).toBeUndefined()
  })

  it('is as good as before when somebody has shown a header of lists and numbers', async () => {
    // A list of one algorithm was taken for it, and the key that could not be opened by a list stayed closed.
    const roleOf = fresh()
    for (const odd of [
      { alg: ['RS256'] },
      { alg: ['RS256'], kid: 'old-rsa' },
      { alg: 'RS256', kid: 7 },
      { alg: {} },
    ]) {
      const header = Buffer.from(JSON.stringify(odd)).toString('base64url')
      expect([odd, await roleOf(`${header}.e30.AAAA`)]).toEqual([odd, undefined])
    }
    const genuine = await token({ header: { alg: 'RS256', kid: 'old-rsa' }, key: rsa.privateKey })
    expect(await roleOf(genuine)).toBe('service_role')
  })

  it.each(['', '.', '..', 'a.b.c', 'eyJhbGciOiJIUzI1NiJ9', `${'e'.repeat(9000)}.e.e`])(
    'is none of what is no token: %.20s',
    async (text) => {
      expect(await fresh()(text)).toBeUndefined()
    },
  )
})

async function pss(): Promise<CryptoKey> {
  return (await generateKeyPair('PS256')).privateKey
}
