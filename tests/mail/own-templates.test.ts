import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseOwnTemplates } from '../../src/mail/own-templates.ts'
import { placeholders } from '../../src/mail/placeholders.ts'
import { renderMail } from '../../src/mail/render-mail.ts'
import { aMail } from '../support/mail-samples.ts'

const parse = (files: Record<string, string>) => parseOwnTemplates(new Map(Object.entries(files)))

function problemsOf(files: Record<string, string>): readonly string[] {
  const own = parse(files)
  return own.ok ? [] : own.failure
}

const good = 'Subject: Welcome to {{site}}\n\nFollow {{link}} until {{ until }}.\n'

describe('templates of the operator', () => {
  it('take the place of ours, for their kind and language alone', () => {
    const own = parse({
      'email-confirm.en.txt': good,
      'email-confirm.en.html': '<p title="{{site}}"><a href="{{link}}">Follow</a>',
    })
    if (!own.ok) throw new Error(own.failure.join())
    const rendering = { baseUrl: 'https://accounts.test', own: own.value }
    const link = 'https://accounts.test/account/confirm#token=a%2Btoken%2Fof~ours'
    expect(renderMail(aMail('email-confirm'), rendering)).toEqual({
      locale: 'en',
      subject: 'Welcome to accounts.test',
      text: `Follow ${link} until 1 January 2026 at 12:30 UTC.\n`,
      html: `<p title="accounts.test"><a href="${link}">Follow</a>`,
    })
    expect(renderMail(aMail('email-confirm', { locale: 'fr' }), rendering).subject).toContain('Confirmez')
    expect(renderMail(aMail('invite'), rendering).subject).toContain('invited')
  })

  it('may be plain text alone, with the line ends of any system', () => {
    const own = parse({ 'email-confirm.en.txt': good.replaceAll('\n', '\r\n') })
    if (!own.ok) throw new Error(own.failure.join())
    const mail = renderMail(aMail('email-confirm'), { baseUrl: 'https://accounts.test', own: own.value })
    expect(mail).toMatchObject({ subject: 'Welcome to accounts.test', html: undefined })
    expect(mail.text).toMatch(/^Follow /)
  })

  it.each([
    [{ 'confirm.en.txt': good }, 'confirm.en.txt is no mail of ours: name it like email-confirm.en.txt'],
    [
      { 'email-confirm.de.txt': good },
      'email-confirm.de.txt is no mail of ours: name it like email-confirm.en.txt',
    ],
    [
      { 'email-confirm.txt': good },
      'email-confirm.txt is no mail of ours: name it like email-confirm.en.txt',
    ],
    [{ 'email-confirm.en.html': '{{link}}' }, 'email-confirm.en.html needs email-confirm.en.txt beside it'],
    [{ 'email-confirm.en.txt': '{{link}}' }, 'email-confirm.en.txt must begin with a line "Subject: …"'],
    [{ 'email-confirm.en.txt': 'Subject:\n\n{{link}}' }, 'email-confirm.en needs a subject'],
    [{ 'email-confirm.en.txt': 'Subject: x\n\nno' }, 'email-confirm.en needs {{link}} in its text'],
    [
      { 'email-confirm.en.txt': good, 'email-confirm.en.html': '<p>no' },
      'email-confirm.en needs {{link}} in its HTML',
    ],
    [
      { 'email-confirm.en.txt': `${good}{{name}}` },
      'email-confirm.en has {{name}}, which this mail does not have: site, greeting, link, until',
    ],
    [
      { 'sign-in-code.fr.txt': 'Subject: {{code}}\n\n{{code}}' },
      'sign-in-code.fr must not have {{code}} in its subject',
    ],
  ])('are refused when they could not work: %j', (files, problem) => {
    expect(problemsOf(files)).toEqual([problem])
  })

  it('have all their problems told at once', () => {
    expect(problemsOf({ 'x.txt': '', 'invite.en.txt': 'Subject: {{oops}}\n\n' })).toHaveLength(3)
  })
})

describe('the page about mail', () => {
  it('has a row for each kind, with what it can tell', () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../docs/mail.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)].map(([, kind, names]) => [kind, names])
    const known = Object.entries(placeholders).map(([kind, names]) => {
      const own = names.filter((name) => name !== 'site' && name !== 'greeting')
      return [kind, own.map((name) => `\`${name}\``).join(', ')]
    })
    expect(rows).toEqual(known)
  })
})
