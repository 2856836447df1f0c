import type { Browser, BrowserContext, ConsoleMessage, Page, Request } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { appCodeAt, stepAt } from '../support/app-code.ts'
import { aPassword, aStranger, supabaseStage } from '../support/supabase-stage.ts'
import { openBrowser } from './chromium.ts'
import { type ServedApp, serveApp } from './supabase-app/serve-app.ts'

const ACCESS_TTL_SECONDS = 150

const app: ServedApp = await serveApp()
const stage = supabaseStage({
  SUPABASE_SITE_URL: app.url,
  SUPABASE_REDIRECT_URLS: `${app.url}/**`,
  // More than the margin in which clients refresh at once, and little more.
  SUPABASE_ACCESS_TTL_SECONDS: String(ACCESS_TTL_SECONDS),
})

let browser: Browser
let context: BrowserContext
let page: Page
let refreshes: Request[]
let complaints: string[]

beforeAll(async () => {
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await app.close()
})

afterEach(() => context?.close())

/** A profile of its own, with a tab. */
async function anotherBrowser(): Promise<Page> {
  context = await browser.newContext()
  return openTabIn(context)
}

async function openTabIn(profile: BrowserContext): Promise<Page> {
  const opened = await profile.newPage()
  opened.on('request', (request) => {
    if (request.url().includes('grant_type=refresh_token')) refreshes.push(request)
  })
  opened.on('console', (message: ConsoleMessage) => {
    // That a call was refused the browser says by itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  opened.on('pageerror', (error) => complaints.push(String(error)))
  return opened
}

const text = (id: string, on = page) => on.locator(`#${id}`).textContent()
const isShown = (id: string, shown: string | RegExp, on = page) =>
  expect
    .poll(() => text(id, on))
    .toMatch(shown instanceof RegExp ? shown : new RegExp(`^${RegExp.escape(shown)}$`))

/** Presses a button and waits for what the client has answered. */
async function press(id: string, on = page): Promise<string> {
  await on.locator(`#${id}`).click()
  await expect.poll(() => text('said', on)).toMatch(new RegExp(`^${id}: `))
  return (await text('said', on))!.slice(id.length + 2)
}

/** Lets what the browser keeps say that its token ran out long ago. */
async function runOut(): Promise<void> {
  await page.evaluate(`
    const key = Object.keys(localStorage).find((name) => name.endsWith('-auth-token'))
    localStorage[key] = JSON.stringify({ ...JSON.parse(localStorage[key]), expires_at: 1 })
  `)
}

async function signIn(email: string, password: string, on = page): Promise<string> {
  await on.goto(app.url)
  await on.locator('#email').fill(email)
  await on.locator('#password').fill(password)
  return press('sign-in', on)
}

describe.each(['implicit', 'pkce'] as const)('an application in a browser, by the %s flow', (flowType) => {
  beforeEach(async () => {
    refreshes = []
    complaints = []
    app.configure({ url: stage.faceUrl().replace('/auth/v1', ''), key: stage.publicKey(), flowType })
    page = await anotherBrowser()
  })

  afterEach(() => {
    expect(complaints).toEqual([])
  })

  it('signs somebody up, who confirms by the mailed link and is signed in', async () => {
    const email = aStranger()
    await page.goto(app.url)
    await isShown('events', 'INITIAL_SESSION')
    await page.locator('#email').fill(email)
    await page.locator('#password').fill(aPassword)
    expect(await press('sign-up')).toBe('done')
    expect(await press('sign-in')).toBe('email_not_confirmed')
    const { link } = await stage.mailed(email, 'signup')
    await page.goto(link!.href)
    await isShown('who', email)
    // Neither tokens nor a code stay in the address bar.
    await expect.poll(() => page.url().replace(/#$/, '')).toBe(`${app.url}/`)
    expect(await press('sign-out')).toBe('done')
    await isShown('who', 'nobody')
    expect(await signIn(email, aPassword)).toBe('done')
    await isShown('who', email)
  })

  it('keeps somebody signed in through reloads, and refreshes before the token runs out', async () => {
    const { email, password } = await stage.person()
    await page.clock.install()
    expect(await signIn(email, password)).toBe('done')
    await page.reload()
    await isShown('who', email)
    expect(refreshes).toHaveLength(0)
    // The clock of the page alone: the gateway's goes on as it is.
    await page.clock.fastForward((ACCESS_TTL_SECONDS - 80) * 1000)
    await isShown('events', /TOKEN_REFRESHED/)
    // More than once perhaps: to a clock that is ahead, the new token is soon to run out as well.
    expect(refreshes.length).toBeGreaterThan(0)
    expect(await press('look')).toBe('done')
  })

  it('brings somebody back whose token ran out while the page was closed', async () => {
    const { email, password } = await stage.person()
    await signIn(email, password)
    await runOut()
    await page.reload()
    await isShown('who', email)
    expect(refreshes).toHaveLength(1)
    expect(await press('look')).toBe('done')
  })

  it('brings somebody back in six tabs at once, as when a laptop is opened again', async () => {
    const { email, password } = await stage.person()
    await signIn(email, password)
    const tabs = [page]
    while (tabs.length < 6) tabs.push(await openTabIn(context))
    await runOut()
    await Promise.all(tabs.map((tab) => tab.goto(app.url)))
    for (const tab of tabs) await isShown('who', email, tab)
    for (const tab of tabs) expect(await press('look', tab)).toBe('done')
    expect(refreshes.length).toBeGreaterThan(0)
  })

  it('sets up an app by its picture, and reaches the second level', async () => {
    const { email, password } = await stage.person()
    await signIn(email, password)
    await isShown('level', 'aal1 of aal1')
    expect(await press('enrol')).toBe('done')
    // The picture is one: the browser has drawn it.
    await expect.poll(() => page.evaluate("document.getElementById('qr').naturalWidth")).toBeGreaterThan(20)
    const secret = (await text('secret'))!
    const step = stepAt(Date.now())
    await page.locator('#code').fill(appCodeAt(secret, step))
    expect(await press('verify')).toBe('done')
    await isShown('level', 'aal2 of aal2')
    await page.reload()
    await isShown('level', 'aal2 of aal2')
    await press('sign-out')
    await signIn(email, password)
    await isShown('level', 'aal1 of aal2')
    await page.locator('#code').fill(appCodeAt(secret, step + 1))
    expect(await press('verify')).toBe('done')
    await isShown('level', 'aal2 of aal2')
  })

  it('lets somebody set a new password by the mailed link', async () => {
    const { email } = await stage.person()
    await page.goto(app.url)
    await page.locator('#email').fill(email)
    expect(await press('forgot')).toBe('done')
    const { link } = await stage.mailed(email, 'recovery')
    await page.goto(link!.href)
    await isShown('who', email)
    await isShown('events', /PASSWORD_RECOVERY/)
    await page.locator('#password').fill('another lovely horse')
    expect(await press('set-password')).toBe('done')
    await press('sign-out')
    expect(await signIn(email, aPassword)).toBe('invalid_credentials')
    expect(await signIn(email, 'another lovely horse')).toBe('done')
  })

  it('wants the app before a new password, where there is one', async () => {
    const { email, password } = await stage.person()
    await signIn(email, password)
    await press('enrol')
    const secret = (await text('secret'))!
    const step = stepAt(Date.now())
    await page.locator('#code').fill(appCodeAt(secret, step))
    expect(await press('verify')).toBe('done')
    await press('sign-out')
    expect(await press('forgot')).toBe('done')
    const { link } = await stage.mailed(email, 'recovery')
    await page.goto(link!.href)
    await isShown('level', 'aal1 of aal2')
    await page.locator('#password').fill('another lovely horse')
    expect(await press('set-password')).toBe('insufficient_aal')
    await page.locator('#code').fill(appCodeAt(secret, step + 1))
    expect(await press('verify')).toBe('done')
    expect(await press('set-password')).toBe('done')
    await press('sign-out')
    expect(await signIn(email, 'another lovely horse')).toBe('done')
  })

  it('signs somebody out everywhere', async () => {
    const { email, password } = await stage.person()
    await signIn(email, password)
    const here = context
    const elsewhere = await anotherBrowser()
    await signIn(email, password, elsewhere)
    expect(await press('sign-out-everywhere')).toBe('done')
    await isShown('who', 'nobody')
    await press('look', elsewhere)
    await isShown('who', 'nobody', elsewhere)
    await elsewhere.reload()
    await isShown('who', 'nobody', elsewhere)
    await here.close()
  })
})
