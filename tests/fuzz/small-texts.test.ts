import { InvalidArgumentError } from 'commander'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRetryAfter } from '../../src/client/retry-after.ts'
import { parseGoDuration } from '../../src/dialects/supabase/go-duration.ts'
import { readPageQuery } from '../../src/dialects/supabase/page-query.ts'
import { readProtocols } from '../../src/gateway/credential.ts'
import { parseTraceContext } from '../../src/http/trace-context.ts'
import { readLanguages } from '../../src/pages/page-language.ts'
import { parseDuration, parseInstant } from '../../src/runtime/cli/expiry.ts'
import { parseKeyId, parseUuid } from '../../src/runtime/cli/ids.ts'
import { keyOptions } from '../../src/runtime/cli/key-options.ts'
import { dashedOperandsLast } from '../../src/runtime/cli/operands.ts'
import { fuzzed } from './fuzzed.ts'
import { mutantsOf, oddText } from './odd-texts.ts'

describe('Retry-After', () => {
  const now = new Date('2026-01-01T00:00:00.000Z')

  it('of seconds is as many, and of a date as many as are left', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), fc.integer({ min: -10_000, max: 10_000_000 }), (seconds, ahead) => {
        expect(parseRetryAfter(` ${seconds} `, now)).toBe(seconds)
        const date = new Date(now.getTime() + ahead * 1000).toUTCString()
        expect(parseRetryAfter(date, now)).toBe(Math.max(0, ahead))
      }),
      fuzzed(500),
    )
  })

  it('of any text is whole seconds from now, or nothing: never less than none', () => {
    fc.assert(
      fc.property(fc.oneof(oddText, mutantsOf('Wed, 21 Oct 2026 07:28:00 GMT'), mutantsOf('120')), (text) => {
        const seconds = parseRetryAfter(text, now)
        expect([text, seconds === undefined || (Number.isInteger(seconds) && seconds >= 0)]).toEqual([
          text,
          true,
        ])
      }),
      fuzzed(1500),
    )
  })
})

describe('a traceparent', () => {
  const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`))
  const genuine = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

  it('is passed on as it came or not at all', () => {
    const parts = fc
      .tuple(hex(2), hex(32), hex(16), hex(2), fc.constantFrom('', '-', '-x', '\n', ' '))
      .map(([version, trace, parent, flags, more]) => `${version}-${trace}-${parent}-${flags}${more}`)
    fc.assert(
      fc.property(
        fc.oneof(parts, mutantsOf(genuine), oddText),
        fc.option(oddText, { nil: undefined }),
        (text, state) => {
          const read = parseTraceContext(text, state)
          if (read === undefined) return
          expect(read.traceparent).toBe(text)
          expect(text).toMatch(
            /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/,
          )
          if (text.startsWith('00')) expect(text).toHaveLength(55)
        },
      ),
      fuzzed(1500),
    )
  })
})

describe('a duration as Go writes it', () => {
  const units = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 } as const

  it('is the sum of its parts', () => {
    const part = fc.tuple(fc.nat(100_000), fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])))
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.constantFrom('', '+', '-'),
        (parts, sign) => {
          const text = sign + parts.map(([count, unit]) => `${count}${unit}`).join('')
          const sum = parts.reduce((total, [count, unit]) => total + count * units[unit], 0)
          expect(parseGoDuration(text)).toBeCloseTo(sign === '-' ? -sum : sum, 3)
        },
      ),
      fuzzed(500),
    )
  })

  it('of any text is a finite number or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(oddText, mutantsOf('876000h1.5m'), fc.stringMatching(/^[-+]?[0-9.smhnuµ]{0,12}$/)),
        (text) => {
          const seconds = parseGoDuration(text)
          expect([text, seconds === undefined || Number.isFinite(seconds)]).toEqual([text, true])
        },
      ),
      fuzzed(1500),
    )
  })
})

describe('languages, protocols and pages, of any text', () => {
  it('are short lists of what stands there', () => {
    fc.assert(
      fc.property(fc.oneof(oddText, mutantsOf('fr-CH, en;q=0.8, *;q=0.1')), (text) => {
        const languages = readLanguages(text)
        expect(languages.length).toBeLessThanOrEqual(20)
        for (const one of languages) expect(text.toLowerCase()).toContain(one)
      }),
      fuzzed(800),
    )
  })

  it('show a credential only to us: no token is offered to the upstream', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(oddText, fc.constantFrom('guichet', 'guichet.token.x', 'Guichet.Token.y', 'chat')),
          { maxLength: 5 },
        ),
        (all) => {
          const { offered, tokens } = readProtocols(all.join(', '))
          expect(offered.filter((one) => one.startsWith('guichet.token.') || one === 'guichet')).toEqual([])
          for (const token of tokens) expect(all.join(', ')).toContain(`guichet.token.${token}`)
        },
      ),
      fuzzed(800),
    )
  })

  it('are whole, from 1, and bounded', () => {
    const number = fc.option(
      fc.oneof(oddText, fc.nat().map(String), fc.constantFrom('0', '9'.repeat(19), '-1', '1e3')),
      { nil: undefined },
    )
    const sort = fc.option(fc.oneof(oddText, fc.constantFrom('created_at asc', ' Created_At DESC ')), {
      nil: undefined,
    })
    fc.assert(
      fc.property(number, number, sort, (page, per_page, by) => {
        const query = readPageQuery({ page, per_page, sort: by, filter: undefined })
        if (typeof query === 'string') return
        expect([Number.isSafeInteger(query.page), query.page >= 1, query.page <= 1e9]).toEqual([
          true,
          true,
          true,
        ])
        expect([query.perPage >= 1, query.perPage <= 1000]).toEqual([true, true])
        expect(Number.isSafeInteger((query.page - 1) * query.perPage)).toBe(true)
      }),
      fuzzed(800),
    )
  })
})

describe('what the command line reads', () => {
  const option = (name: string) =>
    keyOptions().find((one) => one.long === name)!.parseArg! as (text: string, before: unknown) => unknown
  const parsers = {
    duration: parseDuration,
    instant: parseInstant,
    keyId: parseKeyId,
    uuid: parseUuid,
    rate: (text: string) => option('--rate-limit')(text, undefined),
    quota: (text: string) => option('--quota')(text, undefined),
    metadata: (text: string) => option('--metadata')(text, undefined),
  }
  const near = fc.constantFrom(
    '90d',
    '2030-01-01T00:00:00Z',
    'abcdefghijkl',
    '100/60s',
    '5000',
    '{"team":"x"}',
  )

  it.each(Object.entries(parsers))(
    '%s: is read or refused in words for people, and never quoted where it may be a key',
    (name, parse) => {
      fc.assert(
        fc.property(
          fc.oneof(
            oddText,
            near.chain((text) => fc.oneof(fc.constant(text), mutantsOf(text))),
          ),
          (text) => {
            try {
              const value = parse(text)
              if (typeof value === 'number') expect(Number.isSafeInteger(value) && value > 0).toBe(true)
              if (name === 'instant') expect(Number.isNaN(Date.parse(String(value)))).toBe(false)
            } catch (error) {
              if (!(error instanceof InvalidArgumentError)) throw error
              if (text.length > 20) expect(error.message).not.toContain(text)
            }
          },
        ),
        fuzzed(300),
      )
      expect(Object.getPrototypeOf({})).toBe(Object.prototype)
    },
  )

  it('keeps every operand, thumbprints that begin with a dash behind --', () => {
    const thumbprint = fc.stringMatching(/^-[A-Za-z0-9_-]{42}$/)
    const word = fc.oneof(thumbprint, oddText, fc.constantFrom('--', '-x', '--json', 'signing-keys'))
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        const ordered = dashedOperandsLast(words)
        const rest = (all: readonly string[]) => all.filter((one) => one !== '--').toSorted()
        expect(rest(ordered)).toEqual(rest(words))
        expect(dashedOperandsLast(ordered)).toEqual(ordered)
      }),
      fuzzed(500),
    )
  })
})
