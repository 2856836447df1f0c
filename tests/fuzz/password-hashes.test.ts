import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bare64, parseBare64 } from '../../src/runtime/passwords/bare64.ts'
import {
  isOfStrength,
  ownStrength,
  parsePasswordHash,
  spellArgon2id,
} from '../../src/runtime/passwords/password-hash.ts'
import { quickPasswords } from '../support/quick-passwords.ts'
import { fuzzed, patience } from './fuzzed.ts'
import { mutantsOf, oddText } from './odd-texts.ts'

const limits = { memoryMaxKib: 128 * 1024 }
const bytes = (min: number, max = min) => fc.uint8Array({ minLength: min, maxLength: max })

const genuine = [
  '$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  '$argon2i$v=19$m=4096,t=3,p=2$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
  `$2b$12$${'a'.repeat(22)}${'b'.repeat(31)}`,
  '$scrypt$ln=4,r=8,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
  'scrypt$16$asalt$8$1$AAAAAAAAAAAAAAAAAAAAAA==',
  `scrypt:16:8:1$asalt$${'ab'.repeat(32)}`,
]
const near = fc
  .constantFrom(...genuine)
  .chain((text) =>
    fc.oneof(mutantsOf(text), mutantsOf(text, fc.constantFrom('9', '0', '$', ',', 'm=', '99999'))),
  )

describe('a password hash', patience, () => {
  it('of each scheme is read', () => {
    for (const text of genuine) expect([text, parsePasswordHash(text, limits).ok]).toEqual([text, true])
  })

  it('of any text is one whose work is bounded, or refused without being quoted', () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: near }, oddText), (text) => {
        const read = parsePasswordHash(text, limits)
        if (!read.ok) {
          expect(read.failure).toMatch(/^It|^Its/)
          if (text.length > 30) expect(read.failure).not.toContain(text.slice(0, 30))
          return
        }
        const hash = read.value
        if (hash.scheme === 'bcrypt') expect(Number(hash.setting.slice(4, 6))).toBeLessThanOrEqual(14)
        else if (hash.scheme === 'scrypt') {
          expect(128 * hash.cost * hash.blockSize).toBeLessThanOrEqual(limits.memoryMaxKib * 1024)
          expect(hash.cost * hash.blockSize * hash.parallelization).toBeLessThanOrEqual(4 * 2 ** 20)
        } else {
          expect(hash.memoryKib).toBeLessThanOrEqual(limits.memoryMaxKib)
          expect([hash.memoryKib * hash.passes <= 2 ** 20, hash.lanes <= 16]).toEqual([true, true])
        }
        expect(hash.digest.length).toBeGreaterThanOrEqual(16)
      }),
      fuzzed(2500),
    )
  })

  it('of ours is read as it was spelled, and known as ours', () => {
    const strength = fc.record({
      memoryKib: fc.integer({ min: 8, max: 70_000 }),
      passes: fc.integer({ min: 1, max: 10 }),
    })
    fc.assert(
      fc.property(strength, bytes(16), bytes(32), (one, salt, digest) => {
        const text = spellArgon2id(one, { salt, digest })
        const read = parsePasswordHash(text, limits)
        expect(read).toMatchObject({ ok: true, value: { ...one, scheme: 'argon2id', lanes: 1 } })
        if (read.ok) expect([bare64(read.value.digest)]).toEqual([bare64(digest)])
        expect([isOfStrength(text, one), isOfStrength(text, { ...one, passes: one.passes + 1 })]).toEqual([
          true,
          false,
        ])
        expect(isOfStrength(text, ownStrength)).toBe(
          one.memoryKib === ownStrength.memoryKib && one.passes === ownStrength.passes,
        )
      }),
      fuzzed(300),
    )
  })

  it('matches the password that it was made of, and no other, whatever characters they have', async () => {
    await fc.assert(
      fc.asyncProperty(oddText, oddText, async (password, other) => {
        if (!password.isWellFormed()) {
          await expect(quickPasswords.hash(password)).rejects.toThrow(TypeError)
          return
        }
        const hash = await quickPasswords.hash(password)
        expect(await quickPasswords.verify(password, hash)).toBe(true)
        expect(await quickPasswords.verify(other, hash)).toBe(other === password)
      }),
      fuzzed(40),
    )
  })

  it('that is none verifies nothing, and throws nothing', async () => {
    await fc.assert(
      fc.asyncProperty(oddText, fc.oneof(oddText, mutantsOf(genuine[0]!)), async (password, text) => {
        expect(await quickPasswords.verify(password, text)).toBe(false)
      }),
      fuzzed(40),
    )
  })
})

describe('base64 without padding', () => {
  it('is read as it was written, and no text is read that is not how its bytes are written', () => {
    fc.assert(
      fc.property(bytes(0, 40), oddText, fc.stringMatching(/^[A-Za-z0-9+/=]{0,20}$/), (data, odd, close) => {
        expect(
          Buffer.from(parseBare64(bare64(data), { min: 0, max: 40 }) ?? []).equals(Buffer.from(data)),
        ).toBe(true)
        for (const text of [odd, close]) {
          const read = parseBare64(text, { min: 0, max: 1e6 })
          if (read !== undefined) expect(bare64(read)).toBe(text)
        }
      }),
      fuzzed(800),
    )
  })
})
