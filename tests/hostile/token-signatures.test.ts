import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  base64url,
  CompactEncrypt,
  type CryptoKey,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { forgeToken, hmacSigner, type TokenParts } from './forged-token.ts'
import { seededDice } from './seeded-dice.ts'

let gateway: TestGateway
let genuine: string
let stranger: { readonly privateKey: CryptoKey; readonly publicJwk: JWK }
let trap: Server
let trapUrl: string
const trapped: string[] = []

beforeAll(async () => {
  gateway = await createTestGateway()
  genuine = await gateway.accessToken()
  const pair = await generateKeyPair('ES256', { extractable: true })
  stranger = { privateKey: pair.privateKey, publicJwk: await exportJWK(pair.publicKey) }
  trap = createServer((request, response) => {
    trapped.push(request.url ?? '')
    response.end(JSON.stringify({ keys: [stranger.publicJwk] }))
  })
  await new Promise<void>((done) => trap.listen(0, '127.0.0.1', done))
  trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`
})

afterAll(async () => {
  trap.close()
  await gateway.close()
})

const me = (token: string) => gateway.call('GET', '/api/v1/me', { token })
const forge = (parts: TokenParts) => forgeToken(gateway, genuine, parts)

async function expectRefused(token: string): Promise<void> {
  const answer = await me(token)
  expect([answer.status, answer.body.error.code, token]).toEqual([401, 'invalid_token', token])
  expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="guichet", error="invalid_token"')
  expect(gateway.faults).toEqual([])
}

async function strangerSign(signingInput: string): Promise<string> {
  const parameters = { name: 'ECDSA', hash: 'SHA-256' }
  const bytes = new TextEncoder().encode(signingInput)
  return base64url.encode(new Uint8Array(await crypto.subtle.sign(parameters, stranger.privateKey, bytes)))
}

describe('the verification of a signature', () => {
  it('takes what the forger of these tests makes when nothing is changed', async () => {
    expect((await me(await forge({}))).status).toBe(200)
  })

  it.each(['none', 'None', 'NONE', 'nOnE', ' none', ''])('refuses the algorithm "%s"', async (alg) => {
    const [, , signature] = genuine.split('.')
    await expectRefused(await forgeToken(gateway, genuine, { header: { alg }, sign: () => '' }))
    await expectRefused(await forgeToken(gateway, genuine, { header: { alg }, sign: () => signature! }))
  })

  it('refuses HS256 under every spelling of the public key', async () => {
    const [jwk] = gateway.signingKeys.publicSet(gateway.world.now()).keys as [JWK]
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
    const pem = key.export({ type: 'spki', format: 'pem' }).toString()
    const der = key.export({ type: 'spki', format: 'der' })
    const point = Buffer.concat([Buffer.from([4]), base64url.decode(jwk.x!), base64url.decode(jwk.y!)])
    const text = (value: string) => new TextEncoder().encode(value)
    const { x, y, crv, kty } = jwk
    const secrets = [
      ...[der, point, point.subarray(1), base64url.decode(x!), text(x!), text(jwk.kid!)],
      ...[text(pem), text(pem.trimEnd()), text(`${pem}\n`), text(pem.replaceAll('\n', '\r\n'))],
      ...[jwk, { kty, crv, x, y }, { crv, kty, x, y }, { keys: [jwk] }].map((it) => text(JSON.stringify(it))),
      text(' '),
    ]
    for (const secret of secrets) {
      await expectRefused(
        await forgeToken(gateway, genuine, { header: { alg: 'HS256' }, sign: hmacSigner(secret) }),
      )
    }
  })

  it.each([
    'RS256',
    'PS256',
    'ES384',
    'ES512',
    'ES256K',
    'EdDSA',
    'Ed25519',
    'HS256',
    'HS512',
    'es256',
    'ES256 ',
  ])('refuses a genuine signature that is relabelled %s', async (alg) => {
    await expectRefused(await forge({ header: { alg } }))
  })

  it.each([[undefined], [null], [256], [true], [['ES256']], [{}]])(
    'refuses the algorithm %j of a wrong type',
    async (alg) => {
      await expectRefused(await forge({ header: { alg } }))
    },
  )

  it.each([
    [undefined],
    [null],
    [''],
    [0],
    [['x']],
    [{}],
    ['unknown'],
    ['__proto__'],
    ['constructor'],
    ['../../../dev/null'],
    ["' or '1'='1"],
    ['key\u0000'],
  ])('refuses the key id %j', async (kid) => {
    await expectRefused(await forge({ header: { kid } }))
  })

  it("refuses a stranger's signature, whatever key the header brings along, and looks nowhere for it", async () => {
    const x5c = [Buffer.from('not a certificate').toString('base64')]
    const headers = [
      {},
      { kid: undefined },
      { kid: 'stranger' },
      { jwk: stranger.publicJwk },
      { kid: undefined, jwk: stranger.publicJwk },
      { jku: `${trapUrl}/jwks.json` },
      { kid: undefined, jku: `${trapUrl}/jwks.json` },
      { kid: `${trapUrl}/jwks.json` },
      { x5u: `${trapUrl}/certificate.pem` },
      { x5c },
      { x5t: 'AAAA', 'x5t#S256': 'AAAA' },
    ]
    for (const header of headers) {
      await expectRefused(await forgeToken(gateway, genuine, { header, sign: strangerSign }))
    }
    expect(trapped).toEqual([])
  })

  it('ignores key hints on a token of its own', async () => {
    const token = await forge({ header: { jku: trapUrl, x5u: trapUrl, jwk: stranger.publicJwk } })
    expect((await me(token)).status).toBe(200)
    expect(trapped).toEqual([])
  })

  it('refuses signatures that a careless verifier takes: zeros, DER, cut, doubled, none', async () => {
    const [header, payload, signature] = genuine.split('.') as [string, string, string]
    const bytes = Buffer.from(signature, 'base64url')
    const half = (start: number) =>
      Buffer.concat([Buffer.from([2, 33, 0]), bytes.subarray(start, start + 32)])
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
    const forged = [
      ...[Buffer.alloc(64), Buffer.alloc(0), Buffer.alloc(1), bytes.subarray(0, 63)],
      ...[
        Buffer.concat([bytes, bytes]),
        Buffer.concat([bytes, Buffer.alloc(1)]),
        Buffer.concat([order, order]),
      ],
      Buffer.concat([Buffer.from([0x30, 70]), half(0), half(32)]),
    ]
    for (const it of forged) await expectRefused(`${header}.${payload}.${it.toString('base64url')}`)
  })

  it.each([
    { crit: ['exp'] },
    { crit: ['x'], x: 1 },
    { crit: [] },
    { crit: 'b64' },
    { crit: [1] },
    { crit: ['b64'] },
    { crit: ['b64'], b64: false },
    { crit: ['alg'] },
  ])('refuses the header %j, though the gateway itself has signed it', async (header) => {
    await expectRefused(await forge({ header }))
  })

  it('refuses an unencoded, a detached, a nested and an encrypted token', async () => {
    const { kid } = decodeProtectedHeader(genuine)
    const { key_ops: _, ...publicKey } = gateway.signingKeys.publicSet(gateway.world.now()).keys[0]!
    const [header, payload, signature] = genuine.split('.')
    const encrypted = await new CompactEncrypt(new TextEncoder().encode(genuine))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'at+jwt', cty: 'JWT', kid: kid! })
      .encrypt(await importJWK(publicKey, 'ECDH-ES'))
    const tokens = [
      `${header}..${signature}`,
      `.${payload}.${signature}`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${header}.${payload}.${signature}.`,
      `${genuine}.${genuine}`,
      encrypted,
      await forge({ header: { cty: 'JWT' }, payload: genuine }),
      await forge({ header: { cty: 'JWT' }, payload: JSON.stringify(genuine) }),
    ]
    for (const token of tokens) await expectRefused(token)
  })

  it('refuses the JSON serialisations, in the clear and in base64url', async () => {
    const [header, payload, signature] = genuine.split('.')
    const flattened = JSON.stringify({ protected: header, payload, signature })
    const general = JSON.stringify({ payload, signatures: [{ protected: header, signature }] })
    for (const text of [flattened, general, base64url.encode(flattened), base64url.encode(general)]) {
      await expectRefused(text)
    }
  })

  it('reads the other spellings of one signature, where it takes them, as the very same token', async () => {
    const identity = (await me(genuine)).body.data
    const spellings = ['=', '=='].map((padding) => genuine + padding)
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      spellings.push(genuine.slice(0, -1) + last)
    }
    for (const spelling of spellings) {
      const { status, body } = await me(spelling)
      expect(status === 401 || body.data).toEqual(status === 401 || identity)
    }
  })

  it('refuses or reads alike a token with any one character changed, and breaks on none', async () => {
    const dice = seededDice(20260101)
    const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/='
    const identity = (await me(genuine)).body.data
    for (let round = 0; round < 400; round++) {
      const at = dice.below(genuine.length)
      const changed = genuine.slice(0, at) + dice.pick([...characters, '']) + genuine.slice(at + 1)
      const answer = await me(changed)
      // The last character of a signature has bits that count for nothing: its twins are the same token.
      if (answer.status === 200)
        expect([at >= genuine.length - 1 || changed === genuine, answer.body.data]).toEqual([true, identity])
      else expect([answer.status, changed]).toEqual([401, changed])
    }
    expect(gateway.faults).toEqual([])
  })
})
