import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, Response as Loaded, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser } from '../browser/chromium.ts'
import { type Front, startFront } from '../support/front.ts'
import { startTestServer, type TestServer } from '../support/running-gateway.ts'
import { type BuiltSite, buildSite, type SealedSession, type Site } from './start-site.ts'

const example = resolve(import.meta.dirname, '../../examples/nextauth-site')
const password = 'a kettle of fish and chips'
const ada = { name: 'Ada', surname: 'Lovelace', email: 'ada@example.com', username: 'ada' }
const ACCESS_TTL_SECONDS = 4
const COOKIE = 'next-auth.session-token'

let gateway: TestServer
/** Guichet as the site sees it: it writes down what is asked. */
let guichet: Front
let built: BuiltSite
let site: Site
let browser: Browser
let context: BrowserContext
let page: Page
let complaints: string[]
/** All that came to the browser, without what it keeps for itself. */
let received: Promise<string>[]

beforeAll(async () => {
  const env = { EMAIL_CONFIRMATION: 'optional', REGISTRATION: 'open', CLOCK_SKEW_SECONDS: '0' }
  const mytone = {
    accessTtlSeconds: ACCESS_TTL_SECONDS,
    refreshTtlSeconds: 604_800,
    emailConfirmation: 'optional',
  } as const
  ;[gateway, built, browser] = await Promise.all([
    startTestServer(env, { policy: { mytone } }),
    buildSite(),
    openBrowser(),
  ])
  guichet = await startFront((request) => {
    const { pathname } = new URL(request.url)
    return fetch(new Request(`${gateway.url}${pathname}`, request))
  })
  site = await built.start(guichet.url)
})

afterAll(async () => {
  await browser?.close()
  await site?.stop()
  await guichet?.close()
  await gateway?.remove()
  await built?.remove()
})

/** A fresh profile and a tab, everything of which is written down. */
async function openPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
  await context?.close()
  context = await browser.newContext({ locale: 'en-GB', viewport: { width: 900, height: 640 }, ...options })
  page = await context.newPage()
  complaints = []
  received = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  // Of a page that was left or closed meanwhile there is nothing to read.
  page.on('response', (response) => received.push(readable(response).catch(() => '')))
}

/** What page script can read of an answer: all but cookies that are http-only, which `allHeaders` shows. */
async function readable(response: Loaded): Promise<string> {
  const { 'set-cookie': _kept, ...headers } = await response.allHeaders()
  const body = await response.text().catch(() => '')
  return JSON.stringify([response.url(), headers]) + body
}

const open = (path: string) => page.goto(site.url + path)
const heading = (name: string) => page.getByRole('heading', { name })
const press = (name: string) => page.getByRole('button', { name }).click()
const pathNow = () => new URL(page.url()).pathname

/** The cookies of the session: several where it is too large for one. */
async function sessionCookies(): Promise<Awaited<ReturnType<BrowserContext['cookies']>>> {
  const cookies = (await context.cookies()).filter(({ name }) => name.startsWith(COOKIE))
  return cookies.toSorted((a, b) => a.name.localeCompare(b.name))
}

async function sessionCookie(): Promise<string | undefined> {
  const pieces = (await sessionCookies()).map(({ value }) => value)
  return pieces.length === 0 ? undefined : pieces.join('')
}

async function sealedSession(): Promise<SealedSession> {
  const session = await site.unseal(await sessionCookie())
  if (session === null) throw new Error('There is no session in the cookies.')
  return session
}

/** The page that somebody gets who has this cookie. */
const dashboardWith = (cookie: string | undefined) =>
  fetch(`${site.url}/dashboard`, { redirect: 'manual', headers: { Cookie: `${COOKIE}=${cookie}` } })

/** Waits until Guichet refuses an access token. */
async function outlive(token: string): Promise<void> {
  await expect.poll(async () => (await gateway.call('GET', '/auth/me', { token })).status).toBe(401)
}

/** Puts a picture of the page into the docs, where that was asked for. */
async function picture(name: string): Promise<void> {
  if (process.env['WRITE_SCREENSHOTS'] !== '1') return
  const folder = resolve(import.meta.dirname, '../../docs/images')
  await mkdir(folder, { recursive: true })
  await page.screenshot({
    path: resolve(folder, `nextauth-${name}.png`),
    animations: 'disabled',
    fullPage: true,
  })
}

describe('somebody who is not signed in', () => {
  beforeAll(() => openPage())

  it('is sent from the dashboard to the sign-in page', async () => {
    await open('/dashboard')
    await heading('Sign in').waitFor()
    expect(page.url()).toBe(`${site.url}/sign-in?from=%2Fdashboard`)
    await picture('sign-in')
    expect(complaints).toEqual([])
  })

  it('reads the site in French where the browser does, and in English by one press', async () => {
    await openPage({ locale: 'fr-FR' })
    await open('/sign-up')
    await heading('Créer un compte').waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('fr')
    await page.getByRole('link', { name: 'English' }).click()
    await heading('Sign up').waitFor()
    await page.reload()
    await heading('Sign up').waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('en')
  })

  it.each(['light', 'dark'] as const)(
    'needs no sideways scrolling at 320 pixels: %s',
    async (colorScheme) => {
      await openPage({ viewport: { width: 320, height: 568 }, colorScheme })
      for (const path of ['/', '/sign-up', '/sign-in', '/sign-out']) {
        await open(path)
        expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 320])
      }
    },
  )

  it('cannot be led away from the site', async () => {
    for (const path of [
      '//evil.test/?lang=fr',
      '/%5Cevil.test?lang=fr',
      '/sign-in?lang=en&from=//evil.test',
    ]) {
      const answer = await fetch(site.url + path, { redirect: 'manual' })
      const location = answer.headers.get('location')
      if (location !== null) expect(new URL(location, site.url).origin).toBe(site.url)
    }
  })
})

describe('signing up', () => {
  beforeAll(() => openPage())

  it('says what is wrong at each field, and puts the keyboard there', async () => {
    await open('/sign-up')
    await page.getByLabel('First name').fill(ada.name)
    await page.getByLabel('Last name').fill(ada.surname)
    await page.getByLabel('E-mail').fill(ada.email)
    await page.getByLabel('User name').fill(ada.username)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await picture('sign-up')
    await page.getByLabel('Password', { exact: true }).fill('short')
    await press('Create my account')
    await page.getByText('At least 15 characters.', { exact: true }).waitFor()
    expect(await page.evaluate('document.activeElement.id')).toBe('password')
    expect(await page.getByLabel('Password', { exact: true }).getAttribute('aria-invalid')).toBe('true')
    expect(await page.getByLabel('E-mail').getAttribute('aria-invalid')).toBe('false')
  })

  it('lands signed in on the dashboard, with one session at Guichet', async () => {
    await page.getByLabel('Password', { exact: true }).fill(password)
    await press('Create my account')
    await heading('Hello, Ada').waitFor()
    expect(pathNow()).toBe('/dashboard')
    await page.getByText('Ada Lovelace', { exact: true }).first().waitFor()
    await picture('dashboard')
    const sessions = await gateway.database.query('select face from sessions where user_id is not null')
    expect(sessions).toEqual([{ face: 'mytone' }])
  })

  it('survives a reload', async () => {
    await page.reload()
    await heading('Hello, Ada').waitFor()
    // Refused once, when the password was too short.
    expect(complaints.filter((text) => !text.includes('400'))).toEqual([])
  })
})

describe('the tokens', () => {
  it('lie in one cookie that is sealed, http-only and of this site alone', async () => {
    const cookies = await context.cookies()
    const cookie = cookies.find(({ name }) => name === COOKIE)
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' })
    expect(await site.unseal(cookie?.value)).toMatchObject({
      accessToken: expect.stringMatching(/^eyJ/),
      refreshToken: expect.stringMatching(/^grt_/),
    })
  })

  it('never come to page script', async () => {
    const session = await page.evaluate<{ readonly user: object }>(
      'fetch("/api/auth/session").then((answer) => answer.json())',
    )
    expect(Object.keys(session).sort()).toEqual(['expires', 'user'])
    expect(Object.keys(session.user).sort()).toEqual(['email', 'id', 'name'])
    const reachable = await page.evaluate(
      'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML])',
    )
    const all = [reachable, ...(await Promise.all(received))].join('\n')
    expect(all).toContain('Lovelace')
    const { accessToken, refreshToken } = await sealedSession()
    for (const secret of [accessToken, refreshToken, 'grt_', 'access_token', 'accessToken']) {
      expect([secret.slice(0, 12), all.includes(secret)]).toEqual([secret.slice(0, 12), false])
    }
  })
})

describe('the route that signs up', () => {
  const grace = { name: 'Grace', surname: 'Hopper', email: 'grace@example.com', username: 'grace', password }
  const post = (type: string, headers: object = {}) =>
    fetch(`${site.url}/api/signup`, {
      method: 'POST',
      headers: { 'Content-Type': type, ...headers },
      body: JSON.stringify(grace),
    })

  it('is not for the forms of other sites', async () => {
    expect((await post('text/plain')).status).toBe(403)
    expect((await post('application/json', { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
  })

  it('answers that it is done, and the tokens in the cookie alone', async () => {
    const answer = await post('application/json')
    expect([answer.status, await answer.json()]).toEqual([200, { signedIn: true }])
    const [cookie = '', ...more] = answer.headers.getSetCookie()
    expect(more).toEqual([])
    expect(cookie).toMatch(/^next-auth\.session-token=[^;]+; .*HttpOnly/)
    const sealed = decodeURIComponent(/=([^;]+)/.exec(cookie)?.[1] ?? '')
    expect(await site.unseal(sealed)).toMatchObject({ refreshToken: expect.stringMatching(/^grt_/) })
  })

  it('says why not', async () => {
    const answer = await post('application/json')
    expect([answer.status, await answer.json()]).toEqual([400, { kind: 'username_taken' }])
  })
})

describe('an access token that has ended', () => {
  it('was renewed before, and the person works on', async () => {
    const before = await sealedSession()
    await outlive(before.accessToken)
    await page.reload()
    await heading('Hello, Ada').waitFor()
    const after = await sealedSession()
    expect(after.accessToken).not.toBe(before.accessToken)
    expect(after.refreshToken).not.toBe(before.refreshToken)
  })

  it('is renewed to the same by ten requests at once, none of which is refused', async () => {
    const cookie = await sessionCookie()
    await outlive((await site.unseal(cookie))!.accessToken)
    const asked = guichet.seenAt('/auth/refresh').length
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => context.request.get(`${site.url}/dashboard`)),
    )
    const greeted = await Promise.all(
      answers.map(async (answer) => (await answer.text()).includes('Hello, Ada')),
    )
    expect(greeted).toEqual(Array(10).fill(true))
    const renewals = guichet.seenAt('/auth/refresh').slice(asked)
    expect([renewals.length < 10, new Set(renewals.map(({ body }) => body)).size]).toEqual([true, 1])
    // A request that was under way with the cookie of before, or in another process.
    const late = await dashboardWith(cookie)
    expect([late.status, (await late.text()).includes('Hello, Ada')]).toEqual([200, true])
    await page.reload()
    await heading('Hello, Ada').waitFor()
    expect(JSON.stringify(gateway.lines)).not.toContain('refresh_token_reused')
  })

  it('is renewed by a look at the session as well, and the new tokens are kept', async () => {
    const before = await sealedSession()
    await outlive(before.accessToken)
    const { user } = await page.evaluate<{ readonly user: { readonly name: string } }>(
      'fetch("/api/auth/session").then((answer) => answer.json())',
    )
    expect(user.name).toBe('Ada Lovelace')
    expect((await sealedSession()).refreshToken).not.toBe(before.refreshToken)
  })

  it('signs nobody out while Guichet does not answer', async () => {
    await outlive((await sealedSession()).accessToken)
    const away = () => new Response('{"detail":"Service Unavailable"}', { status: 503 })
    guichet.answerNext('/auth/refresh', ...Array.from({ length: 20 }, away))
    guichet.answerNext('/auth/me', ...Array.from({ length: 20 }, away))
    await page.reload()
    await page.getByText('Your account cannot be shown right now.').waitFor()
    guichet.answerNext('/auth/refresh')
    guichet.answerNext('/auth/me')
    await page.reload()
    await heading('Hello, Ada').waitFor()
  })
})

describe('a session that an administrator ends', () => {
  it('is out at the next request, and its cookie is gone', async () => {
    const [user] = await gateway.database.query(
      `select id_user as id from users where email = '${ada.email}'`,
    )
    // As SETUP.md shows it.
    const setup = await readFile(resolve(example, 'SETUP.md'), 'utf8')
    const script = [...setup.matchAll(/^```sh\n(.*?)^```$/gms)].at(-1)?.[1] ?? ''
    const there = script.replaceAll('http://localhost:3000', gateway.url)
    const { PATH } = process.env
    const env = { PATH, GUICHET_API_KEY: gateway.adminKey, USER_ID: String(user?.['id']) }
    await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', there], { env })
    await page.reload()
    await page.getByText('Your session has ended. Sign in to go on.').waitFor()
    expect([pathNow(), await sessionCookie()]).toEqual(['/sign-in', undefined])
    await open('/dashboard')
    await heading('Sign in').waitFor()
  })

  it('is not for guessing: whoever fails is told how long to wait', async () => {
    const body = '{"detail":"Too many failed attempts"}'
    guichet.answerNext('/auth/login', new Response(body, { status: 429, headers: { 'Retry-After': '30' } }))
    await page.getByLabel('E-mail or user name').fill('nobody')
    await page.getByLabel('Password', { exact: true }).fill('a guess')
    await press('Sign in')
    await page.getByRole('alert').filter({ hasText: 'Try again in 30 seconds.' }).waitFor()
  })

  it('cannot be ended by a link from elsewhere while it is good', async () => {
    await page.getByLabel('E-mail or user name').fill(ada.username)
    await page.getByLabel('Password', { exact: true }).fill('not the password at all')
    await press('Sign in')
    await page.getByRole('alert').filter({ hasText: 'do not go together' }).waitFor()
    await page.getByLabel('Password', { exact: true }).fill(password)
    await press('Sign in')
    await heading('Hello, Ada').waitFor()
    await open('/session-ended')
    await heading('Hello, Ada').waitFor()
  })
})

describe('a session that is too large for one cookie', () => {
  const takeRole = (name: string) =>
    gateway.database.query(
      `update users set role_id = (select id_role from role where name = '${name}') where email = '${ada.email}'`,
    )
  const renewed = async () => {
    await outlive((await sealedSession()).accessToken)
    await page.reload()
    await heading('Hello, Ada').waitFor()
    return (await sessionCookies()).map(({ name }) => name)
  }

  it('is kept in several, renewed there, and in one again when it is small', async () => {
    const permissions = Array.from({ length: 120 }, (_, index) => `department-${index}:read`)
    await gateway.database.query(
      `insert into role (id_role, name, permissions, created_at)
        values ('${crypto.randomUUID()}', 'large', '${JSON.stringify(permissions)}', now())`,
    )
    expect((await sessionCookies()).length).toBe(1)
    await takeRole('large')
    expect(await renewed()).toEqual([`${COOKIE}.0`, `${COOKIE}.1`])
    expect(await renewed()).toEqual([`${COOKIE}.0`, `${COOKIE}.1`])
    await takeRole('user')
    expect(await renewed()).toEqual([COOKIE])
  })
})

describe('signing out', () => {
  it('ends the session here and at Guichet: a copy of the cookie is good for nothing', async () => {
    await page.getByRole('link', { name: 'Sign out' }).click()
    await heading('Sign out').waitFor()
    await picture('sign-out')
    const copy = await sessionCookie()
    expect((await dashboardWith(copy)).status).toBe(200)
    // Also where the access token has ended: it is renewed for the way out.
    await outlive((await sealedSession()).accessToken)
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${site.url}/sign-in`)
    expect(await sessionCookie()).toBeUndefined()
    const live = await gateway.database.query(
      `select 1 from sessions join users on user_id = id_user where email = '${ada.email}' and revoked_at is null`,
    )
    expect(live).toEqual([])
    const dead = await dashboardWith(copy)
    expect((await dead.text()).includes('Hello, Ada')).toBe(false)
    await open('/dashboard')
    await heading('Sign in').waitFor()
  })

  it('leaves no token and no password in the log of the site', async () => {
    expect(site.output()).not.toMatch(/grt_|eyJ/)
    expect(site.output()).not.toContain(password)
  })
})
