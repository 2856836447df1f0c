import { describe, expect, it } from 'vitest'
import { bundledTemplate } from '../../src/mail/bundled-template.ts'
import { mailLocales } from '../../src/mail/mail-locale.ts'
import { linkPages, mailKinds } from '../../src/mail/placeholders.ts'
import { renderMail } from '../../src/mail/render-mail.ts'
import { templateProblems } from '../../src/mail/template.ts'
import { words } from '../../src/mail/words.ts'
import { aMail, mailFacts } from '../support/mail-samples.ts'

const rendering = { baseUrl: 'https://accounts.test/gateway', own: new Map() }
const every = mailKinds.flatMap((kind) => mailLocales.map((locale) => ({ kind, locale })))

/** What a reader of HTML reads. */
function readable(html: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
  return html
    .replace(/<head>.*<\/head>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&([a-z]+|#39);/g, (_, name) => entities[name] ?? '')
    .replace(/\s+/g, ' ')
}

describe.each(every)('the mail $kind in $locale', ({ kind, locale }) => {
  const { subject, text, html } = renderMail(aMail(kind, { locale }), rendering)
  const wholeLink = 'link' in mailFacts[kind] ? mailFacts[kind].link : undefined

  it('has a bundled template that keeps the rules for templates', () => {
    expect(templateProblems(kind, bundledTemplate(kind, locale))).toEqual([])
  })

  it('leaves no placeholder open and no fact out', () => {
    for (const part of [subject, text, html]) {
      expect(part).not.toMatch(/\{\{|\}\}|undefined|null|NaN|Invalid/)
    }
    expect(subject).toContain('accounts.test')
  })

  it('says why it came and what to do otherwise, in its text and in its HTML', () => {
    const { why, otherwise } = words[locale][kind]
    for (const part of [text, readable(html ?? '')]) {
      for (const sentence of [why, otherwise]) {
        const [beginning = ''] = sentence.split('{{')
        expect(part).toContain(beginning.trim())
      }
    }
  })

  it('says the same in its text and in its HTML', () => {
    const spoken = (part: string) => part.replace(/\s+/g, ' ').trim()
    for (const paragraph of text.split('\n\n')) {
      for (const line of paragraph.replace(/^-- /, '').split('\n')) {
        expect(spoken(readable(html ?? ''))).toContain(spoken(line.replace(/ ?:$/, '')))
      }
    }
  })

  it('names its language, and loads, runs and sends nothing', () => {
    expect(html).toMatch(new RegExp(`<html lang="${locale}">`))
    expect(html).not.toMatch(/<(?:img|script|link|iframe|form|object|style)\b|url\(|\bon\w+=/i)
    const addresses = [...(html ?? '').matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address)
    expect(addresses).toHaveLength(linkPages[kind] === undefined && wholeLink === undefined ? 0 : 1)
  })

  it('links to the page of its kind below PUBLIC_URL, the token in the fragment, or where its face says', () => {
    const page = linkPages[kind]
    const links = text.match(/https?:\/\/\S+/g) ?? []
    if (wholeLink !== undefined) return expect(links).toEqual([wholeLink])
    if (page === undefined) return expect(links).toEqual([])
    expect(links).toEqual([`https://accounts.test/gateway${page}#token=a%2Btoken%2Fof~ours`])
    expect(html).toContain(`href="${links[0]}"`)
  })
})

describe('a mail', () => {
  it.each([
    ['fr', 'Bonjour'],
    ['fr-CA', 'Bonjour'],
    ['FR_be', 'Bonjour'],
    ['en-GB', 'Hello'],
    ['de', 'Hello'],
    ['', 'Hello'],
    ['french', 'Hello'],
  ])('for the locale %j begins with %s', (locale, hello) => {
    expect(renderMail(aMail('email-known', { locale }), rendering).text).toMatch(new RegExp(`^${hello}`))
  })

  it('greets by a name that is one', () => {
    for (const name of [
      'Ada Lovelace',
      'Zoë',
      'José-María O’Neill',
      "D'Arcy, Jr.",
      'J. R. R. Tolkien',
      '李小龙',
    ]) {
      expect(renderMail(aMail('password-reset', { name }), rendering).text).toMatch(`Hello ${name},\n`)
    }
  })

  it.each([
    'https://evil.test',
    'You won! www.evil.test',
    'evil.test',
    'call me at evil。test',
    'a@evil.test',
    'evil dot com/win',
    'call 0800 123 456',
    '<b>Ada</b>',
    'Ada\r\nBcc: victim@people.test',
    'Ada\u202Etset.live',
    'Ada\u200B',
    '{{link}}',
    ' ',
    'x'.repeat(61),
    undefined,
  ])('does not greet by the name %j', (name) => {
    const { text, subject } = renderMail(aMail('password-reset', { name }), rendering)
    expect(text).toMatch(/^Hello,\n/)
    expect(subject).toBe('Set a new password for accounts.test')
  })

  it.each([
    'email-confirm',
    'email-change',
    'invite',
    'sign-up',
    'supabase-invite',
    'supabase-email-change',
  ] as const)('to an address that nobody has confirmed carries no name: %s', (kind) => {
    const { text, html, subject } = renderMail(aMail(kind), rendering)
    expect(text + html + subject).not.toContain('Ada')
  })

  it('tells of a device in our own words', () => {
    const device = (userAgent: string) => {
      const facts = { at: '2026-01-01T12:00:00.000Z', address: 'evil.test', userAgent }
      return renderMail(aMail('new-device', { facts }), rendering).text
    }
    expect(
      device('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1'),
    ).toContain('Safari, iPhone, 1 January 2026 at 12:00 UTC, address unknown.')
    expect(device('<script>evil.test</script>')).not.toMatch(/evil|script/)
  })

  it('escapes in HTML what it is told', () => {
    const facts = {
      newEmail: `"><img/src='//evil.test'>&@x.test`,
      token: `"'<>&`,
      expiresAt: '2026-01-01T12:00:00Z',
    }
    const { html, text } = renderMail(aMail('email-changed', { facts }), rendering)
    expect(html).not.toContain('<img')
    expect(html).toContain('&quot;&gt;&lt;img/src=&#39;//evil.test&#39;&gt;&amp;@x.test')
    expect(html).toContain('#token=%22&#39;%3C%3E%26"')
    expect(text).toContain(`"><img/src='//evil.test'>&@x.test`)
  })

  it('keeps what looks like a placeholder or a pattern as it is', () => {
    const facts = { code: '$&{{site}}', expiresAt: '2026-01-01T12:00:00Z' }
    expect(renderMail(aMail('sign-in-code', { facts }), rendering).text).toContain('is $&{{site}}\n')
  })

  it('has a subject of one line, whatever an own template puts into it', () => {
    const own = new Map([
      [
        'sign-in-code.en',
        { subject: 'To {{name}}\r\nBcc: all@people.test', text: '{{code}}', html: undefined },
      ],
    ] as const)
    const { subject } = renderMail(aMail('sign-in-code'), { ...rendering, own })
    expect(subject).toBe('To Ada Lovelace Bcc: all@people.test')
  })
})
