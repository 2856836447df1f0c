import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { facesOf } from '../../src/dialects/all.ts'
import { createApp } from '../../src/http/app.ts'
import { english } from '../../src/pages/wording/english.ts'
import { french } from '../../src/pages/wording/french.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const pages = ['confirm', 'reset', 'email', 'undo-email', 'invite'].map((name) => `/account/${name}`)

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway.close())

const ask = (path: string, headers: Record<string, string> = {}) => gateway.call('GET', path, { headers })

/** The addresses of a page's script and style. */
const loaded = (page: string) =>
  [...page.matchAll(/(?:src|href)="(\/account\/page\.[^"]+)"/g)].map(([, address = '']) => address)

describe.each(pages)('the page %s', (path) => {
  it('is a page without a token, kept by no cache and told to no other site', async () => {
    const page = await ask(path)
    expect(page.status).toBe(200)
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
  })

  it('holds no script and no style itself, and loads nothing from anywhere else', async () => {
    const { text } = await ask(path)
    expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:|\/\/\w/i)
    expect(loaded(text)).toEqual([
      expect.stringMatching(/^\/account\/page\.css\?v=\w{16}$/),
      expect.stringMatching(/^\/account\/page\.js\?v=\w{16}$/),
    ])
  })

  it('is the same whatever the query says, but for the language', async () => {
    const { text } = await ask(path)
    expect((await ask(`${path}?token=secret&x="><script>`)).text).toBe(text)
    expect((await ask(`${path}?lang=tlh`)).text).toBe(text)
    expect((await ask(`${path}?lang=__proto__`)).text).toBe(text)
  })

  it('posts to the native face', async () => {
    const { text } = await ask(path)
    const [, target = ''] = /data-posts="([^"]+)"/.exec(text) ?? []
    expect(target).toMatch(/^\/api\/v1\/auth\//)
  })

  it('answers GET and HEAD, and to a POST nothing but 405', async () => {
    expect((await gateway.call('HEAD', path)).status).toBe(200)
    const posted = await gateway.call('POST', path, { form: { token: 'x', password: 'x' } })
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})

describe('the language of a page', () => {
  it.each([
    ['', 'en'],
    ['fr', 'fr'],
    ['fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5', 'fr'],
    ['de, FR-be;q=0.3', 'fr'],
    ['en-GB,fr;q=0.9', 'en'],
    ['fr;q=0', 'en'],
    ['fr;q=x', 'en'],
    ['de, en;q=0.2, fr;q=0.4', 'fr'],
    [`${'de,'.repeat(5000)}fr`, 'en'],
  ])('is what the browser prefers of those there are: %j is %s', async (header, language) => {
    const page = await ask('/account/reset', { 'Accept-Language': header })
    expect(page.text).toContain(`<html lang="${language}">`)
    expect([page.headers.get('content-language'), page.headers.get('vary')]).toEqual([
      language,
      'Accept-Language',
    ])
  })

  it('is what the address says, before all', async () => {
    const page = await ask('/account/reset?lang=fr', { 'Accept-Language': 'en' })
    expect(page.text).toContain(french.pages.reset.title)
    expect(page.text).not.toContain(english.pages.reset.title)
  })
})

describe('what the pages load', () => {
  it('is kept for good under its hash, and not without it', async () => {
    const { text } = await ask('/account/confirm')
    for (const address of loaded(text)) {
      const kept = await ask(address)
      expect([kept.status, kept.headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ])
      const [bare = ''] = address.split('?')
      for (const other of [bare, `${bare}?v=another`]) {
        const answer = await ask(other)
        expect([answer.text, answer.headers.get('cache-control')]).toEqual([kept.text, 'no-cache'])
      }
    }
  })

  it('comes as what it is', async () => {
    const types = await Promise.all(
      ['/account/page.js', '/account/page.css'].map(async (path) =>
        (await ask(path)).headers.get('content-type'),
      ),
    )
    expect(types).toEqual(['text/javascript; charset=utf-8', 'text/css; charset=utf-8'])
  })
})

describe('the pages', () => {
  it('move with BASE_PATH, with all that they name', async () => {
    const moved = await createTestGateway({ app: { basePath: '/gate' }, database: gateway.database })
    const page = await moved.call('GET', '/gate/account/reset/')
    expect(page.status).toBe(200)
    expect(page.text).toContain('data-posts="/gate/api/v1/auth/password/reset"')
    const addresses = [...page.text.matchAll(/"(\/gate\/account\/page\.[^"]+)"/g)].map(([, it = '']) => it)
    expect(addresses).toHaveLength(2)
    for (const address of addresses) expect((await moved.call('GET', address)).status).toBe(200)
    expect((await moved.call('GET', '/account/reset')).status).toBe(401)
    await moved.close()
  })

  it('are not there where the native face is off', () => {
    const { table } = createApp({
      mounts: facesOf(['oauth2']),
      basePath: '',
      corsOrigins: [],
      behind: undefined,
    })
    expect(pages.filter((path) => table.owns(path))).toEqual([])
  })

  it('are seven exact paths: all else below /account is closed', async () => {
    for (const path of ['/account', '/account/', '/account/nope', '/account/reset/x', '/account/page.js/x']) {
      expect([path, (await ask(path)).status]).toEqual([path, 401])
    }
  })
})
