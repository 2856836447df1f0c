import { compactVerify, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { signingAlgorithms } from '../../src/core/policy.ts'
import { joseFromDer } from '../../src/runtime/ecdsa-signature.ts'
import { nodeSignatures } from '../../src/runtime/node-signatures.ts'
import { webSignatures } from '../../src/runtime/signatures.ts'

const encode = (text: string) => Buffer.from(text).toString('base64url')

describe.each([
  ['node:crypto', nodeSignatures],
  ['WebCrypto', webSignatures],
])('signatures by %s', (_name, signatures) => {
  it.each(signingAlgorithms)('sign with %s what jose verifies, however often', async (algorithm) => {
    const jwk = await signatures.generate(algorithm)
    const sign = await signatures.signer(algorithm, jwk)
    const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...publicJwk } = jwk
    const key = await importJWK(publicJwk, algorithm)
    // Often enough for numbers that DER writes with fewer bytes than others.
    for (let round = 0; round < 300; round++) {
      const token = await sign(encode(JSON.stringify({ alg: algorithm })), `round ${round}`)
      const { payload } = await compactVerify(token, key, { algorithms: [algorithm] })
      expect(Buffer.from(payload).toString()).toBe(`round ${round}`)
    }
  })
})

describe('an ECDSA signature in DER', () => {
  const der = (r: readonly number[], s: readonly number[]) =>
    Uint8Array.from([0x30, r.length + s.length + 4, 2, r.length, ...r, 2, s.length, ...s])
  const full = (first: number) => [first, ...Array(31).fill(7)]

  it.each([
    ['of two whole numbers', full(0x7f), full(0x01), full(0x7f), full(0x01)],
    ['of numbers that would look negative', [0, ...full(0x80)], [0, ...full(0xff)], full(0x80), full(0xff)],
    ['of a short first number', [9], full(1), [...Array(31).fill(0), 9], full(1)],
    ['of a short second number', full(1), [1, 2], full(1), [...Array(30).fill(0), 1, 2]],
  ])('%s becomes two numbers of 32 bytes', (_of, r, s, rawR, rawS) => {
    expect([...joseFromDer(der(r, s))]).toEqual([...rawR, ...rawS])
  })
})
