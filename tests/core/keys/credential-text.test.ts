import { crc32 as platformCrc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { apiKeyForm, mintApiKeyText, parseApiKey } from '../../../src/core/keys/api-key.ts'
import { crc32 } from '../../../src/core/keys/crc32.ts'
import { formatCredential, isPrefix, parseCredential } from '../../../src/core/keys/credential-text.ts'
import { system } from '../../../src/runtime/system.ts'

describe('the checksum', () => {
  it("is the platform's CRC-32", () => {
    for (let round = 0; round < 200; round++) {
      const text = system.randomText(round)
      expect(crc32(text)).toBe(platformCrc32(text))
    }
  })
})

describe('an API key', () => {
  it('is prefix, id, secret and checksum in base62', () => {
    const text = mintApiKeyText(system, 'gk')
    expect(text).toMatch(/^gk_[0-9A-Za-z]{46}$/)
    expect(parseCredential(text, apiKeyForm)).toEqual({
      prefix: 'gk',
      id: text.slice(3, 15),
      secret: text.slice(15, 43),
    })
  })

  it('may have an underscore in its prefix', () => {
    expect(parseApiKey(mintApiKeyText(system, 'acme_live'))?.prefix).toBe('acme_live')
  })

  it('shows any single wrong character by its checksum', () => {
    const text = mintApiKeyText(system, 'gk')
    for (let index = 3; index < text.length; index++) {
      const other = text[index] === 'x' ? 'y' : 'x'
      expect(parseApiKey(text.slice(0, index) + other + text.slice(index + 1))).toBeUndefined()
    }
  })

  it.each([
    ['empty', ''],
    ['cut short', mintApiKeyText(system, 'gk').slice(0, -1)],
    ['too long', `${mintApiKeyText(system, 'gk')}0`],
    ['without a prefix', mintApiKeyText(system, 'gk').slice(2)],
    ['padded with a space', ` ${mintApiKeyText(system, 'gk')}`],
    [
      'of an upper-case prefix',
      formatCredential({ prefix: 'GK', id: 'a'.repeat(12), secret: 'b'.repeat(28) }),
    ],
    [
      "of the refresh tokens' prefix",
      formatCredential({ prefix: 'grt', id: 'a'.repeat(12), secret: 'b'.repeat(28) }),
    ],
  ])('is not a text that is %s', (_what, text) => {
    expect(parseApiKey(text)).toBeUndefined()
  })
})

describe('a prefix', () => {
  it.each(['gk', 'a', 'acme_live', 'k2', 'x'.repeat(20)])('may be %s', (text) =>
    expect(isPrefix(text)).toBe(true),
  )
  it.each(['', '_', '2k', 'gk_', 'g__k', 'GK', 'g-k', 'x'.repeat(21)])('may not be %j', (text) =>
    expect(isPrefix(text)).toBe(false),
  )
})
