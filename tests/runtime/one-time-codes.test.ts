import { Secret, TOTP, URI } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { oneTimeCodes } from '../../src/runtime/one-time-codes.ts'

/** The seed of the test vectors: twenty bytes of ASCII. */
const seed = Secret.fromUTF8('12345678901234567890').base32

const at = (seconds: number) => new Date(seconds * 1000)

describe('a code of an authenticator app', () => {
  // Their last six digits: a code is the number modulo a power of ten (RFC 4226 §5.3).
  it.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('is as RFC 6238 has it at %i', (seconds, eightDigits) => {
    const code = eightDigits.slice(2)
    expect(oneTimeCodes.matches(seed, code, at(seconds))).toBe(Math.floor(seconds / 30))
  })

  it('counts in its step, in the one before and in the one after, and says which it is of', () => {
    const step = 50_000_000
    const code = new TOTP({ secret: seed }).generate({ timestamp: step * 30_000 })
    const found = [-2, -1, 0, 1, 2].map((steps) => oneTimeCodes.matches(seed, code, at((step + steps) * 30)))
    expect(found).toEqual([undefined, step, step, step, undefined])
  })

  it('counts to the last millisecond of the step after its own', () => {
    const code = new TOTP({ secret: seed }).generate({ timestamp: 0 })
    expect(oneTimeCodes.matches(seed, code, new Date(59_999))).toBe(0)
    expect(oneTimeCodes.matches(seed, code, new Date(60_000))).toBeUndefined()
  })

  it.each([
    '',
    '28708',
    '2870822',
    '287 082',
    ' 287082',
    '287082\n',
    '２８７０８２',
    'abcdef',
    '0x2870',
    '1e5',
  ])('is six digits and nothing else: %j', (text) => {
    expect(oneTimeCodes.matches(seed, text, at(59))).toBeUndefined()
  })
})

describe('a secret', () => {
  it('has 160 bits, in base32, and is new each time', () => {
    const secrets = Array.from({ length: 100 }, () => oneTimeCodes.newSecret())
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(new Set(secrets).size).toBe(100)
  })

  it('goes to an app by an address that says whose it is and how it counts', () => {
    const uri = oneTimeCodes.uri({ secret: seed, issuer: 'Gate & Co Ω:1', account: 'ada+1@example.com' })
    expect(uri).toMatch(/^otpauth:\/\/totp\/[\w%.-]+:ada%2B1%40example.com\?/)
    const read = URI.parse(uri) as TOTP
    expect([read.issuer, read.label, read.secret.base32]).toEqual([
      'Gate & Co Ω 1',
      'ada+1@example.com',
      seed,
    ])
    expect([read.algorithm, read.digits, read.period]).toEqual(['SHA1', 6, 30])
  })

  it('goes to a camera as a picture that needs nothing else', () => {
    const svg = oneTimeCodes.qrSvg(oneTimeCodes.uri({ secret: seed, issuer: 'Guichet', account: 'a@b.c' }))
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 \d+ \d+"/)
    expect(svg).not.toMatch(/<script|href|style=/)
  })
})
