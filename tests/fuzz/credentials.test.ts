import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiKeyForm, mintApiKeyText, parseApiKey } from '../../src/core/keys/api-key.ts'
import { cleanText, holdsCredential } from '../../src/core/keys/clean-text.ts'
import { formatCredential, isPrefix, parseCredential } from '../../src/core/keys/credential-text.ts'
import { findCredentials, hideCredentials } from '../../src/core/keys/find-credentials.ts'
import { mintRefreshToken, parseRefreshToken } from '../../src/core/tokens/refresh-token.ts'
import { scanText } from '../../src/runtime/cli/scan-text.ts'
import { system } from '../../src/runtime/system.ts'
import { createVault } from '../../src/runtime/vault.ts'
import { testSecret } from '../support/gateway-process.ts'
import { fuzzed } from './fuzzed.ts'
import { mutantsOf, oddPiece, oddText } from './odd-texts.ts'

const vault = createVault([testSecret])
const otherVault = createVault([`another ${testSecret}`])

const prefix = fc.oneof(
  fc.constantFrom('gk', 'sb_secret', 'a1_b2'),
  fc.stringMatching(/^[a-z][a-z0-9]{0,15}$/),
)
const base62 = (length: number) => fc.stringMatching(new RegExp(`^[0-9A-Za-z]{${length}}$`))
const apiKey = fc
  .record({ prefix, id: base62(apiKeyForm.idLength), secret: base62(apiKeyForm.secretLength) })
  .filter(({ prefix: one }) => one !== 'grt')

/** Any text that is one of ours but for an edit, and others. */
const nearKeys = fc.oneof(
  oddText,
  apiKey.chain((parts) => mutantsOf(formatCredential(parts))),
  apiKey.chain((parts) => mutantsOf(formatCredential(parts), fc.stringMatching(/^[0-9A-Za-z_]{1,3}$/))),
)

describe('an API key', () => {
  it('is read as it was spelled', () => {
    fc.assert(
      fc.property(apiKey, (parts) => {
        expect(parseCredential(formatCredential(parts), apiKeyForm)).toEqual(parts)
        expect(parseApiKey(formatCredential(parts))).toEqual({ id: parts.id, prefix: parts.prefix })
      }),
      fuzzed(500),
    )
  })

  it('is what spells itself again, or is none', () => {
    fc.assert(
      fc.property(nearKeys, (text) => {
        const parts = parseCredential(text, apiKeyForm)
        if (parts !== undefined)
          expect([isPrefix(parts.prefix), formatCredential(parts)]).toEqual([true, text])
        const key = parseApiKey(text)
        if (key !== undefined)
          expect([key.prefix === 'grt', text.startsWith(`${key.prefix}_`)]).toEqual([false, true])
      }),
      fuzzed(3000),
    )
  })

  it('with one character altered is none: the checksum sees every single one', () => {
    fc.assert(
      fc.property(apiKey, fc.nat(45), base62(1), (parts, fromEnd, put) => {
        const text = formatCredential(parts)
        const at = text.length - 1 - fromEnd
        if (text[at] === put) return
        expect(parseApiKey(text.slice(0, at) + put + text.slice(at + 1))).toBeUndefined()
      }),
      fuzzed(1000),
    )
  })
})

describe('a refresh token', () => {
  const world = { vault, randomText: system.randomText }

  it('names its session, and its successor is the same from everybody who has the secret', () => {
    fc.assert(
      fc.property(fc.uuid(), (sessionId) => {
        const text = mintRefreshToken(world, sessionId)
        const read = parseRefreshToken(world, text)
        const again = parseRefreshToken({ vault: createVault([testSecret]) }, text)
        expect(read?.sessionId).toBe(sessionId)
        expect(read?.successor()).toBe(again?.successor())
        expect(parseRefreshToken(world, read?.successor() ?? '')?.sessionId).toBe(sessionId)
        expect(parseRefreshToken({ vault: otherVault }, text)).toBeUndefined()
        expect(parseApiKey(text)).toBeUndefined()
      }),
      fuzzed(60),
    )
  })

  it('of any other text is none, its checksum in order or not', () => {
    const genuine = mintRefreshToken(world, '84455385-e154-4908-94ff-05aa8560b5b8')
    const body = genuine.slice('grt_'.length, -6)
    const rechecked = mutantsOf(body, base62(1))
      .filter((mutant) => mutant.length === body.length)
      .map((mutant) => formatCredential({ prefix: 'grt', id: mutant.slice(0, 32), secret: mutant.slice(32) }))
    fc.assert(
      fc.property(fc.oneof(mutantsOf(genuine), rechecked, oddText), (text) => {
        expect(parseRefreshToken(world, text)).toBeUndefined()
      }),
      fuzzed(1000),
    )
  })
})

describe('credentials in a text', () => {
  const around = fc.oneof(oddPiece, fc.constantFrom('', ' ', '=', '"', 'KEY_', 'x', '\n', 'Bearer '))
  const planted = fc.array(fc.tuple(around, apiKey.map(formatCredential), around), { maxLength: 4 })

  it('are found, each where it stands, in one piece or in many', async () => {
    await fc.assert(
      fc.asyncProperty(planted, fc.integer({ min: 1, max: 40 }), async (parts, size) => {
        const text = parts.flat().join('')
        const found = findCredentials(text)
        for (const { index, length, prefix: named } of found)
          expect(parseCredential(text.slice(index, index + length), apiKeyForm)?.prefix).toBe(named)
        for (const [, key] of parts)
          expect([text, found.some(({ id }) => id === parseApiKey(key)?.id)]).toEqual([text, true])
        const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
          text.slice(index * size, (index + 1) * size),
        )
        const seen = await Array.fromAsync(scanText(asStream(pieces)))
        expect(seen.map(({ id }) => id)).toEqual(found.map(({ id }) => id))
        const places = found.map(({ index }) => text.slice(0, index).split('\n'))
        expect(seen.map(({ line, column }) => [line, column])).toEqual(
          places.map((lines) => [lines.length, (lines.at(-1)?.length ?? 0) + 1]),
        )
      }),
      fuzzed(300),
    )
  })

  it('are hidden: nothing of their secrets is left, and the rest stays', () => {
    fc.assert(
      fc.property(planted, (parts) => {
        const shown = hideCredentials(parts.flat().join(''))
        for (const [, key] of parts) expect(shown).not.toContain(key.slice(-34, -6))
        expect(findCredentials(shown)).toEqual([])
      }),
      fuzzed(500),
    )
  })
})

describe('a caller’s own words', () => {
  const key = mintApiKeyText(system, 'gk')
  const secret = key.slice(3 + apiKeyForm.idLength, -6)

  it('are kept short, well formed and without NUL, and without most of any secret', () => {
    const words = fc.oneof(
      oddText,
      fc.tuple(oddText, oddText).map(([before, behind]) => before + key + behind),
      // A key that is cut where the words are.
      fc
        .tuple(
          fc.integer({ min: 0, max: 40 }),
          fc.integer({ min: 0, max: 60 }),
          fc.constantFrom(' ', '', 'x'),
        )
        .map(([keys, fill, between]) => `${`${key}${between}`.repeat(keys)}${'a '.repeat(fill)}${key}`),
    )
    fc.assert(
      fc.property(words, (text) => {
        const kept = cleanText(text) ?? ''
        expect(kept.length).toBeLessThanOrEqual(200)
        expect([kept.isWellFormed(), kept.includes('\0')]).toEqual([true, false])
        expect(holdsCredential(kept)).toBe(false)
        expect(kept).not.toContain(secret.slice(0, 14))
        expect(cleanText(kept)).toBe(kept)
      }),
      fuzzed(2000),
    )
  })
})

async function* asStream(pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces
}
