import type { Browser, BrowserContext, ConsoleMessage, Page, Request } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { english } from '../../src/pages/wording/english.ts'
import { french } from '../../src/pages/wording/french.ts'
import { startTestServer, type TestServer } from '../support/running-gateway.ts'
import { openBrowser } from './chromium.ts'

const TOKEN = 'secret-of-the-mail'

let gateway: TestServer
let browser: Browser
let context: BrowserContext
let page: Page
let requests: Request[]
let complaints: string[]

beforeAll(async () => {
  gateway = await startTestServer({ REGISTRATION: 'open' })
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await gateway?.remove()
})

beforeEach(() => openPage({}))

afterEach(() => context.close())

/** A fresh profile and a tab, everything of which is written down. */
async function openPage(options: Parameters<Browser['newContext']>[0]): Promise<void> {
  await context?.close()
  context = await browser.newContext({ locale: 'en-GB', ...options })
  page = await context.newPage()
  requests = []
  complaints = []
  page.on('request', (request) => requests.push(request))
  page.on('console', (message: ConsoleMessage) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
}

const open = (path: string) => page.goto(gateway.url + path)
const heading = (name: string) => page.getByRole('heading', { name })
const problem = () => page.getByRole('alert')

/** How wide the page is, and how wide the window. */
const widths = () => page.evaluate('[document.documentElement.scrollWidth, innerWidth]')

/** What the keyboard would type into, as `tag#id`. */
const focused = () => page.evaluate('document.activeElement.localName + "#" + document.activeElement.id')

describe('opening a link', () => {
  it('takes the token out of the address bar and the history, and sends it nowhere', async () => {
    await open(`/account/confirm#token=${TOKEN}`)
    await page.getByRole('button').waitFor()
    expect(page.url()).toBe(`${gateway.url}/account/confirm`)
    expect(await page.evaluate('history.length')).toBe(2)
    expect(
      requests.map((request) => `${request.method()} ${new URL(request.url()).pathname}`).sort(),
    ).toEqual(['GET /account/confirm', 'GET /account/page.css', 'GET /account/page.js'])
    const sent = await Promise.all(requests.map((request) => request.allHeaders()))
    expect(JSON.stringify([sent, gateway.lines])).not.toContain(TOKEN)
    expect(complaints).toEqual([])
  })

  it('of every page shows its own words and a button, and breaks no rule of its policy', async () => {
    for (const [path, words] of [
      ['confirm', english.pages.confirm],
      ['reset', english.pages.reset],
      ['email', english.pages.email],
      ['undo-email', english.pages.undoEmail],
      ['invite', english.pages.invite],
    ] as const) {
      await open(`/account/${path}#token=${TOKEN}`)
      await heading(words.title).waitFor()
      await page.getByRole('button', { name: words.button }).waitFor()
      expect(await page.title()).toContain(words.title)
    }
    expect(complaints).toEqual([])
  })

  it('without a token says so, and shows no button', async () => {
    await open('/account/reset')
    await heading(english.outcomes.link_missing.title).waitFor()
    expect(await page.getByRole('button').count()).toBe(0)
    expect(await focused()).toBe('section#outcome')
  })

  it('after it was reloaded asks for the link again', async () => {
    await open(`/account/reset#token=${TOKEN}`)
    await page.getByLabel(english.password.label).waitFor()
    await page.reload()
    await heading(english.outcomes.link_missing.title).waitFor()
  })

  it('in a tab that had none before takes the token that comes', async () => {
    await open('/account/reset')
    await heading(english.outcomes.link_missing.title).waitFor()
    await open(`/account/reset#token=${TOKEN}`)
    await page.getByRole('button').waitFor()
    expect(await heading(english.outcomes.link_missing.title).count()).toBe(0)
    expect(page.url()).not.toContain(TOKEN)
  })

  it('without JavaScript says what is missing, and offers nothing that would not work', async () => {
    await openPage({ javaScriptEnabled: false })
    await open(`/account/reset#token=${TOKEN}`)
    // Not by its text: the library takes no noscript for something that is shown.
    const notice = page.locator('noscript p')
    expect([await notice.isVisible(), await notice.textContent()]).toEqual([true, english.scriptNeeded])
    expect(await page.locator('form:visible, button:visible').count()).toBe(0)
  })
})

describe('the language of a page', () => {
  it('is that of the browser, and the other one is a press away, with the token', async () => {
    await openPage({ locale: 'fr-CA' })
    await open(`/account/reset#token=${TOKEN}`)
    await heading(french.pages.reset.title).waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('fr')
    await page.getByRole('link', { name: 'English' }).click()
    await heading(english.pages.reset.title).waitFor()
    await page.getByRole('button', { name: english.pages.reset.button }).waitFor()
    expect(page.url()).toBe(`${gateway.url}/account/reset?lang=en`)
    expect(complaints).toEqual([])
  })
})

/** Registers somebody, and answers what their mail links to. */
async function registered(): Promise<{ readonly email: string; readonly token: string }> {
  const email = `${crypto.randomUUID()}@example.com`
  const json = { email, password: 'a long enough password' }
  expect((await gateway.call('POST', '/api/v1/auth/register', { json })).status).toBe(202)
  return { email, token: await mailedToken('email-confirm', email) }
}

/** The token in the link of a mail, as the gateway of a developer prints it. */
async function mailedToken(kind: string, email: string): Promise<string> {
  const printed = () => gateway.lines.findLast((line) => line['kind'] === kind && line['to'] === email)
  await expect.poll(printed).toBeDefined()
  const [, token = ''] = /\/account\/[a-z-]+#token=(\S+)/.exec(String(printed()?.['text'])) ?? []
  return token
}

describe('a link to confirm an address', () => {
  const confirm = async (token: string) => {
    await open(`/account/confirm#token=${token}`)
    await page.getByRole('button', { name: english.pages.confirm.button }).click()
  }

  it('confirms it when the button is pressed, once, however often it was opened before', async () => {
    const { token } = await registered()
    for (let index = 0; index < 3; index++) {
      await openPage({})
      await open(`/account/confirm#token=${token}`)
      await page.getByRole('button').waitFor()
      await fetch(`${gateway.url}/account/confirm?token=${token}`)
    }
    await confirm(token)
    await heading(english.pages.confirm.done.title).waitFor()
    expect(await page.getByRole('button').count()).toBe(0)
    expect(await focused()).toBe('section#outcome')
    await openPage({})
    await confirm(token)
    await heading(english.outcomes.invalid_link.title).waitFor()
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
  })

  it('that nobody was sent is no longer good, in the language of the reader', async () => {
    await openPage({ locale: 'fr' })
    await open('/account/confirm#token=made-up')
    await page.getByRole('button', { name: french.pages.confirm.button }).click()
    await heading(french.outcomes.invalid_link.title).waitFor()
  })
})

describe('a link to set a new password', () => {
  it('says what is wrong with a password, keeps the link, and sets one that is right', async () => {
    const { email } = await registered()
    await gateway.call('POST', '/api/v1/auth/password/forgot', { json: { email } })
    const token = await mailedToken('password-reset', email)
    await open(`/account/reset#token=${token}`)
    const field = page.getByLabel(english.password.label)
    for (const [password, said] of [
      ['short', english.problems.password_too_short.replace('{n}', '15')],
      ['x'.repeat(1025), english.problems.password_too_long.replace('{n}', '1024')],
      ['password12345678', english.problems.password_common],
      [email, english.problems.password_context_word],
    ] as const) {
      await field.fill(password)
      await page.keyboard.press('Enter')
      await expect.poll(() => problem().textContent()).toBe(said)
      expect([await focused(), await field.getAttribute('aria-invalid')]).toEqual(['input#password', 'true'])
    }
    await field.fill('quite another password')
    await page.keyboard.press('Enter')
    await heading(english.pages.reset.done.title).waitFor()
    const json = { identifier: email, password: 'quite another password' }
    expect((await gateway.call('POST', '/api/v1/auth/login', { json })).status).toBe(200)
    await openPage({})
    await open(`/account/reset#token=${token}`)
    await page.getByLabel(english.password.label).fill('a third one that is long enough')
    await page.getByRole('button').click()
    await heading(english.outcomes.invalid_link.title).waitFor()
  })
})

describe('the button', () => {
  it('sends the token once, in a POST to the face, with no cookie and no referrer', async () => {
    await open(`/account/confirm#token=${TOKEN}`)
    const posted = page.waitForRequest((request) => request.method() === 'POST')
    await page.getByRole('button').dblclick()
    const request = await posted
    expect(new URL(request.url()).pathname).toBe('/api/v1/auth/email/confirm')
    expect(request.postDataJSON()).toEqual({ token: TOKEN })
    const headers = await request.allHeaders()
    expect([headers['cookie'], headers['referer']]).toEqual([undefined, undefined])
    expect(requests.filter((it) => it.method() === 'POST')).toHaveLength(1)
  })

  it('tells of a gateway that is away, and can be pressed again', async () => {
    await open(`/account/confirm#token=${TOKEN}`)
    await page.getByRole('button').waitFor()
    await context.setOffline(true)
    await page.getByRole('button').click()
    await expect.poll(() => problem().textContent()).toBe(english.problems.unreachable)
    await context.setOffline(false)
    expect(await page.getByRole('button').isEnabled()).toBe(true)
  })

  it('without a password asks for one, where the keyboard is then', async () => {
    await open(`/account/reset#token=${TOKEN}`)
    await page.getByRole('button').click()
    await expect.poll(focused).toBe('input#password')
    expect(requests.filter((it) => it.method() === 'POST')).toEqual([])
  })
})

describe('a page without a mouse', () => {
  it('is walked in the order of reading: password, show, button, language', async () => {
    await open(`/account/reset#token=${TOKEN}`)
    await page.getByRole('button').waitFor()
    const stops: unknown[] = []
    for (let stop = 0; stop < 4; stop++) {
      await page.keyboard.press('Tab')
      stops.push(await focused())
    }
    expect(stops).toEqual(['input#password', 'input#shown', 'button#', 'a#'])
  })

  it('shows the password on wish, and hides it again', async () => {
    await open(`/account/reset#token=${TOKEN}`)
    const field = page.getByLabel(english.password.label)
    await field.fill('a long password')
    await page.getByLabel(english.password.show).focus()
    await page.keyboard.press('Space')
    expect([await field.getAttribute('type'), await field.inputValue()]).toEqual(['text', 'a long password'])
    await page.keyboard.press('Space')
    expect(await field.getAttribute('type')).toBe('password')
  })
})

describe('a page on a small screen', () => {
  it.each(['light', 'dark'] as const)(
    'of 320 pixels needs no sideways scrolling: %s',
    async (colorScheme) => {
      for (const locale of ['en', 'fr']) {
        await openPage({ viewport: { width: 320, height: 568 }, colorScheme, locale })
        for (const path of ['reset', 'undo-email']) {
          await open(`/account/${path}#token=${TOKEN}`)
          await page.getByRole('button').waitFor()
          expect([path, await widths()]).toEqual([path, [320, 320]])
          const { height } = (await page.getByRole('button').boundingBox())!
          expect(height).toBeGreaterThanOrEqual(44)
        }
      }
    },
  )
})
