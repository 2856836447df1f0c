import { describe, expect, it } from 'vitest'
import { allowedRedirect } from '../../../src/core/accounts/redirects.ts'

const siteUrl = 'https://app.example'
const to = (wanted: string | undefined, redirectUrls: readonly string[] = [], site = siteUrl) =>
  allowedRedirect({ siteUrl: site, redirectUrls }, wanted)

describe('where a link may lead', () => {
  it.each(['https://app.example/welcome?a=1#b', 'https://app.example', 'https://APP.example/x'])(
    'is anywhere at the site: %s',
    (wanted) => {
      expect(to(wanted)).toBe(wanted)
    },
  )

  it.each(['http://127.0.0.1:5173/back', 'http://[::1]:8080/'])('is this very machine: %s', (wanted) => {
    expect(to(wanted)).toBe(wanted)
  })

  it('is any port of a developer’s localhost, where the site is there', () => {
    expect(to('http://localhost:4000/x', [], 'http://localhost:3000')).toBe('http://localhost:4000/x')
    expect(to('http://localhost:4000/x')).toBe(siteUrl)
  })

  it.each([
    undefined,
    '',
    '/relative',
    'not an address',
    'https://evil.example/',
    'http://app.example/',
    'https://app.example:8443/',
    'https://app.example.evil.example/',
    'https://user@app.example/',
    'https://app.example@evil.example/',
    'https://app.example\\@evil.example/',
    'https://evil.example\\.app.example/',
    'java\tscript:alert(1)',
    'javascript:alert(1)//https://app.example',
    'data:text/html,https://app.example',
    'ftp://127.0.0.1/',
    'http://127.0.0.1.evil.example/',
    `https://app.example/${'x'.repeat(2048)}`,
  ])('is the site where the wish is nothing of it: %s', (wanted) => {
    expect(to(wanted)).toBe(siteUrl)
  })

  it.each([
    ['https://*.preview.example/**', 'https://pr-7.preview.example/a/b?c=1', true],
    ['https://*.preview.example/**', 'https://a.b.preview.example/', false],
    ['https://*.preview.example/**', 'https://evil.example/.preview.example/', false],
    ['https://*.preview.example/**', 'https://evil.example#.preview.example/', false],
    ['https://*.preview.example/**', 'https://134744072?.preview.example/', false],
    ['https://*.preview.example/**', 'https://ai?.preview.example/', false],
    ['https://**.preview.example/**', 'https://evil.example?.preview.example/', false],
    ['https://**.preview.example/**', 'https://evil.example/.preview.example/', false],
    ['https://**.preview.example/**', 'https://a.b.preview.example/x', true],
    // What a browser takes for a dot: the star stands for one name, and this would be a host of somebody else.
    ['https://app-*.example/**', 'https://app-x%2Eevil.example/', false],
    ['https://app-*.example/**', 'https://app-x%2eevil.example/', false],
    ['https://app-*.example/**', 'https://app-x。evil.example/', false],
    ['https://app-*.example/**', 'https://app-x．evil.example/', false],
    ['https://*.preview.example/**', 'https://é.preview.example/', true],
    ['https://*/**', 'https://134744072/', false],
    ['https://**', 'https://any.example/at?all', true],
    ['https://other.example/*', 'https://other.example/back?c=1', true],
    ['https://other.example/*', 'https://other.example/back', true],
    ['https://other.example/*', 'https://other.example/back/more', false],
    ['https://other.example/v?', 'https://other.example/v2', true],
    ['https://other.example/v?', 'https://other.example/v22', false],
    ['https://other.example/(a+)+', 'https://other.example/aa', false],
    ['com.example.app://callback', 'com.example.app://callback', true],
    ['com.example.app://callback', 'com.example.app://callback#access', true],
    ['com.example.app://callback', 'comXexample.app://callback', false],
  ])('by the pattern %s: %s is %s', (pattern, wanted, allowed) => {
    expect(to(wanted, [pattern])).toBe(allowed ? wanted : siteUrl)
  })
})
