import { generateKeyPairSync } from 'node:crypto'
import { base64url, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { type BroughtKey, readBroughtKey } from '../../../src/core/tokens/key-material.ts'
import { webSignatures } from '../../../src/runtime/signatures.ts'
import { createVault } from '../../../src/runtime/vault.ts'

const world = {
  vault: createVault(['a secret of more than thirty-two characters']),
  signatures: webSignatures,
}
const read = (key: BroughtKey) => readBroughtKey(world, key)
const readJwk = (jwk: object) => read({ form: 'jwk', jwk: { ...jwk } })

async function accepted(key: BroughtKey) {
  const material = await read(key)
  if (!material.ok) throw new Error(JSON.stringify(material.failure))
  return material.value
}

async function problem(key: BroughtKey) {
  const material = await read(key)
  if (material.ok || material.failure.reason !== 'signing_key_unusable') throw new Error('not refused')
  return material.failure.problem
}

const jwks = {
  ES256: await privateJwk('ES256'),
  EdDSA: await privateJwk('EdDSA'),
  RS256: await privateJwk('RS256'),
  HS256: { kty: 'oct', k: base64url.encode(crypto.getRandomValues(new Uint8Array(32))) },
}

const other = await privateJwk('ES256')

async function privateJwk(algorithm: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  return exportJWK(privateKey)
}

const pems = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}

describe('a key that somebody brings', () => {
  it.each(Object.entries(jwks))('is taken as a private JWK for %s', async (algorithm, jwk) => {
    const decorated = { ...jwk, kid: 'theirs', alg: algorithm, use: 'sig', canary: 'not ours' }
    const material = await accepted({ form: 'jwk', jwk: decorated })
    expect(material).toMatchObject({ algorithm, kid: await calculateJwkThumbprint(jwk) })
    const plain = world.vault.unseal('signing-key', material.sealedPrivateJwk!)
    expect(JSON.parse(plain!)).toEqual(jwk)
    const names = { ES256: 'crv kty x y', EdDSA: 'crv kty x', RS256: 'e kty n', HS256: '' }[algorithm]
    expect(Object.keys(material.publicJwk ?? {}).sort()).toEqual(names === '' ? [] : names!.split(' '))
  })

  it.each(Object.entries(pems))(
    'is taken as PEM for %s, with and without its private half',
    async (algorithm, pair) => {
      const pkcs8 = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
      const spki = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()
      const whole = await accepted({ form: 'pem', pem: pkcs8 })
      const half = await accepted({ form: 'pem', pem: `\n${spki}\n` })
      expect(whole.algorithm).toBe(algorithm)
      expect(half).toEqual({ ...whole, sealedPrivateJwk: undefined })
    },
  )

  it('has one thumbprint, however its numbers are written', async () => {
    const n = base64url.encode(Buffer.concat([Buffer.from([0]), base64url.decode(jwks.RS256.n!)]))
    const padded = await read({ form: 'jwk', jwk: { kty: 'RSA', e: jwks.RS256.e, n } })
    const { kid } = await accepted({ form: 'jwk', jwk: { ...jwks.RS256 } })
    // Either it is the same key, or it is refused: never a second name for it.
    if (padded.ok) expect(padded.value.kid).toBe(kid)
  })

  const { d: _, ...publicEs256 } = jwks.ES256
  it.each([
    ['of no known type', { kty: 'XYZ' }, 'must be an EC key'],
    ['without a type', {}, 'must be an EC key'],
    ['on another curve', { kty: 'EC', crv: 'P-384', x: 'x', y: 'y' }, 'P-256'],
    ['for another algorithm', { ...jwks.ES256, alg: 'ES384' }, 'must be ES256'],
    ['for encryption', { ...jwks.ES256, use: 'enc' }, 'use must be sig'],
    ['that may not sign', { ...jwks.ES256, key_ops: ['verify'] }, 'must have sign'],
    ['that may not verify', { ...publicEs256, key_ops: 'verify' }, 'must have verify'],
    ['of 255 bits', { kty: 'oct', k: base64url.encode(new Uint8Array(31)) }, '256 bits'],
    ['of no bits', { kty: 'oct', k: '' }, '256 bits'],
    ['whose secret is a number', { kty: 'oct', k: 7 }, '256 bits'],
    ['off its curve', { ...publicEs256, x: publicEs256.y }, 'complete, valid'],
    ['without a coordinate', { ...publicEs256, y: undefined }, 'complete, valid'],
    ['with half of another', { ...jwks.ES256, d: other.d }, /belong together|valid/],
    ['with a small exponent', { ...jwks.RS256, e: 'Aw' }, 'exponent'],
    ['of three primes', { ...jwks.RS256, oth: [] }, 'two primes'],
    ['without its primes', { kty: 'RSA', n: jwks.RS256.n, e: 'AQAB', d: jwks.RS256.d }, 'complete, valid'],
  ])('is refused %s', async (_name, jwk, said) => {
    expect(await problem({ form: 'jwk', jwk: { ...jwk } })).toMatch(said)
  })

  it.each([1024, 2047])('is refused as RSA of %i bits', async (modulusLength) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength })
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    expect(await problem({ form: 'jwk', jwk: { ...privateKey.export({ format: 'jwk' }) } })).toContain('2048')
    expect(await problem({ form: 'pem', pem })).toMatch(/2048|must hold/)
  })

  it.each([
    [
      'in PKCS#1',
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs1' }),
    ],
    ['in SEC 1', pems.ES256.privateKey.export({ format: 'pem', type: 'sec1' })],
    [
      'that is encrypted',
      pems.ES256.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }),
    ],
    ['that is no PEM', 'canary'],
    ['that is empty', ''],
  ])('is refused as PEM %s, with the way out', async (_name, pem) => {
    expect(await problem({ form: 'pem', pem: pem.toString() })).toContain('openssl pkcs8')
  })

  it('is refused as PEM of another curve or type, or that broke off', async () => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
    const x25519 = generateKeyPairSync('x25519').publicKey
    const whole = pems.ES256.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    for (const pem of [
      p384.export({ format: 'pem', type: 'pkcs8' }).toString(),
      x25519.export({ format: 'pem', type: 'spki' }).toString(),
      `${whole.slice(0, 60)}\n-----END PRIVATE KEY-----`,
      '-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----',
    ])
      expect(await problem({ form: 'pem', pem })).toContain('must hold')
  })

  it('is never said back', async () => {
    for (const jwk of [{ ...jwks.ES256, y: 'canary' }, { kty: 'canary' }, { kty: 'oct', k: 'canary' }]) {
      expect(JSON.stringify(await readJwk(jwk))).not.toContain('canary')
    }
  })
})
