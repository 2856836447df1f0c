import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMatcher } from '../../src/gateway/match.ts'
import { readPattern } from '../../src/gateway/pattern.ts'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { parseTarget } from '../../src/gateway/target.ts'
import { fuzzed } from './fuzzed.ts'
import { mutantsOf, oddPiece, oddText } from './odd-texts.ts'

const segment = fc.constantFrom(
  'a',
  'A',
  'b',
  'ab',
  '7',
  '42',
  'x-1',
  'v1.0',
  '%41',
  '%62',
  ':id',
  '*',
  'é',
  '%C3%A9',
)
const piece = fc.oneof(
  segment,
  fc.constantFrom(
    '/',
    '//',
    '/./',
    '/../',
    '%2e',
    '%2F',
    '%5c',
    ';',
    '?q=1',
    '#',
    '%00',
    '%25',
    '%252e',
    '@',
    '|',
    '^',
  ),
  oddPiece,
)
const pathText = fc.oneof(
  { weight: 3, arbitrary: fc.array(segment, { maxLength: 5 }).map((all) => `/${all.join('/')}`) },
  { weight: 3, arbitrary: fc.array(piece, { maxLength: 6 }).map((all) => `/${all.join('')}`) },
  { weight: 1, arbitrary: oddText },
  { weight: 1, arbitrary: mutantsOf('http://a.test/a/b?c') },
)

/** As most servers read it. */
const byTheStandard = (path: string) => new URL(`http://a.test${path}`)

/** Both spell a few characters in their own way. */
const plain = (path: string) => decodeURIComponent(path.replaceAll('%25', '%2525')).toLowerCase()

describe('a target that is taken', () => {
  it('is the same path to the WHATWG URL parser, segment by segment', () => {
    let taken = 0
    fc.assert(
      fc.property(pathText, (text) => {
        const target = parseTarget(text, 'a.test')
        if (!target.ok) return
        taken++
        const { path, query, matched } = target.value
        const url = byTheStandard(path + query)
        expect([text, url.host, url.hash]).toEqual([text, 'a.test', ''])
        expect([text, plain(url.pathname)]).toEqual([text, plain(path)])
        expect(url.pathname.split('/').length).toBe(path.split('/').length)
        // What rules are matched with has as many segments, less the empty one at its end.
        const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
        expect([text, matched.split('/').length]).toEqual([text, trimmed.split('/').length])
      }),
      fuzzed(4000),
    )
    expect(taken).toBeGreaterThan(500)
  })

  it('is taken in the absolute form where that names the very same host, and there alone', () => {
    const host = fc.constantFrom('a.test', 'A.TEST', 'a.test:80', 'b.test', 'a.test.evil', 'x@a.test', '')
    fc.assert(
      fc.property(host, host, fc.constantFrom('/a', '', '/'), (named, asked, path) => {
        const target = parseTarget(`http://${named}${path}`, asked)
        if (target.ok) expect(named.toLowerCase()).toBe(asked.toLowerCase())
      }),
      fuzzed(300),
    )
  })
})

type Pattern = readonly string[]
const patternSegment = fc.constantFrom('a', 'B', 'ab', 'x-1', 'v1.0', '7', ':id', ':n{[0-9]+}', '*')
const patternEnd = fc.constantFrom<Pattern>([], ['*'], ['b*'], [':o?'], [':o{[0-9]+}?'], [':rest'], ['x-1'])
const pattern = fc
  .tuple(fc.array(patternSegment, { maxLength: 3 }), patternEnd)
  .map(([middle, end]): Pattern => [...middle, ...end])

/** What docs/gateway.md says of patterns, and no more. */
function takes([head, ...rest]: Pattern, [first, ...others]: readonly string[]): boolean {
  if (head === undefined) return first === undefined
  if (head === '*' && rest.length === 0) return true
  if (first === undefined) return head.endsWith('?') && takes(rest, [])
  if (rest.length === 0 && head.endsWith('*')) return first.startsWith(head.slice(0, -1).toLowerCase())
  return isTaken(head, first) && takes(rest, others)
}

function isTaken(head: string, segment: string): boolean {
  if (head === '*') return true
  if (!head.startsWith(':')) return head.toLowerCase() === segment
  return head.includes('{') ? /^[0-9]+$/.test(segment) : true
}

describe('a pattern', () => {
  it('takes the paths that a naive reader of it takes', () => {
    let taken = 0
    fc.assert(
      fc.property(pattern, fc.array(segment, { maxLength: 4 }), (segments, sent) => {
        const rules = parseRules(
          JSON.stringify({ routes: [{ path: `/${segments.join('/')}`, public: true }] }),
        )
        const target = parseTarget(`/${sent.join('/')}`, undefined)
        if (!rules.ok) throw new Error(JSON.stringify([segments, rules.failure]))
        if (!target.ok) return
        const path = target.value.matched
        const found = createMatcher(rules.value).find({ method: 'GET', host: undefined, path })
        const expected = takes(segments, path.split('/').slice(path === '/' ? 2 : 1))
        expect([segments, path, found !== undefined]).toEqual([segments, path, expected])
        if (expected) taken++
      }),
      fuzzed(3000),
    )
    expect(taken).toBeGreaterThan(300)
  })

  it('of any text is read or refused with words, and what is read can be matched with', () => {
    const text = fc.oneof(
      fc.array(fc.oneof(patternSegment, oddPiece), { maxLength: 5 }).map((all) => `/${all.join('/')}`),
      oddText,
      mutantsOf('/a/:id{[0-9]+}/:o?'),
      fc
        .array(
          fc.constantFrom(
            ':',
            '{',
            '}',
            '?',
            '*',
            '/',
            'a',
            '(',
            ')',
            '[',
            ']',
            '|',
            '\\',
            '+',
            '.',
            '^',
            '$',
          ),
          { maxLength: 10 },
        )
        .map((all) => `/${all.join('')}`),
    )
    fc.assert(
      fc.property(text, fc.array(segment, { maxLength: 4 }), (one, sent) => {
        const read = readPattern(one)
        if (!read.ok) {
          expect(read.failure).toMatch(/^[a-z]/)
          return
        }
        const rules = parseRules(JSON.stringify({ routes: [{ path: one, public: true }] }))
        if (!rules.ok) return
        createMatcher(rules.value).find({
          method: 'GET',
          host: 'a',
          path: `/${sent.join('/').toLowerCase()}`,
        })
      }),
      fuzzed(2000),
    )
  })
})
