import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Mail } from '../../src/core/accounts/mail.ts'
import { parseOwnTemplates } from '../../src/mail/own-templates.ts'
import { mailKinds, placeholders } from '../../src/mail/placeholders.ts'
import { renderMail } from '../../src/mail/render-mail.ts'
import { escapeHtml, fillIn, templateProblems } from '../../src/mail/template.ts'
import { aMail, mailFacts } from '../support/mail-samples.ts'
import { fuzzed } from './fuzzed.ts'
import { mutantsOf, oddPiece, oddText } from './odd-texts.ts'

const kind = fc.constantFrom(...mailKinds)
const rendering = { baseUrl: 'https://gateway.test', own: new Map() }

/** The tags and attributes of a page, less all that stands between them. */
const skeleton = (html: string) => html.replace(/>[^<]*</g, '><').replace(/"[^"]*"/g, '""')

describe('a mail of ours', () => {
  it('is the same page whoever it greets and whatever their browser said: no fact becomes markup', () => {
    fc.assert(
      fc.property(kind, oddText, oddText, oddText, (of, name, agent, address) => {
        const facts = { ...mailFacts[of], ...('userAgent' in mailFacts[of] && { userAgent: agent, address }) }
        const plain = renderMail(aMail(of), rendering)
        const odd = renderMail(aMail(of, { name, facts } as Partial<Omit<Mail, 'kind'>>), rendering)
        expect(skeleton(odd.html ?? '')).toBe(skeleton(plain.html ?? ''))
        expect(odd.subject).not.toMatch(/\p{C}/u)
        expect(odd.text).not.toContain('{{')
      }),
      fuzzed(600),
    )
  })

  it('leads to our pages alone, whatever token stands in the link', () => {
    fc.assert(
      fc.property(kind, oddText, (of, token) => {
        if (!('token' in mailFacts[of])) return
        const facts = { ...mailFacts[of], token: token.toWellFormed() }
        const { text, html = '' } = renderMail(aMail(of, { facts } as Partial<Omit<Mail, 'kind'>>), rendering)
        for (const [link] of text.matchAll(/https?:\/\/\S+/g)) expect(new URL(link).host).toBe('gateway.test')
        for (const [, link = ''] of html.matchAll(/href="([^"]*)"/g))
          expect(new URL(link).host).toBe('gateway.test')
      }),
      fuzzed(400),
    )
  })
})

describe('a value in a template', () => {
  it('stands where its placeholder is, as it is, and in HTML as text alone', () => {
    fc.assert(
      fc.property(oddText, oddText, oddText, (before, value, behind) => {
        const [a, b] = [before, behind].map((text) => text.replace(/[{}]/g, ''))
        expect(fillIn(`${a}{{ code }}${b}`, { code: value })).toBe(a + value + b)
        const escaped = escapeHtml(value)
        expect(escaped).not.toMatch(/[<>"']/)
        expect(unescaped(escaped)).toBe(value)
      }),
      fuzzed(1000),
    )
  })
})

describe('templates of the operator', () => {
  const part = fc
    .array(
      fc.oneof(
        oddPiece,
        fc.constantFrom('{{link}}', '{{code}}', '{{ name }}', '{{constructor}}', '{{', 'Subject: x\n', '\n'),
      ),
      { maxLength: 6 },
    )
    .map((all) => all.join(''))
  const file = fc
    .tuple(
      fc.oneof(kind, oddPiece),
      fc.oneof(fc.constantFrom('en', 'fr'), oddPiece),
      fc.constantFrom('txt', 'html', 'exe', ''),
    )
    .map(([name, language, ending]) => `${name}.${language}.${ending}`)

  it('are used or told what is wrong with them, and what is used can be written', () => {
    const text = fc.oneof(
      part,
      part.map((one) => `Subject: Hello {{site}}\n\n${one} {{link}} {{code}}`),
    )
    const pair = kind.chain((of) => {
      const needed = placeholders[of].filter((name) => name === 'link' || name === 'code')
      const body = needed.map((name) => `{{${name}}}`).join(' ')
      return part.map((one): readonly [string, string] => [
        `${of}.en.txt`,
        `Subject: Hello\n\n${one} ${body}`,
      ])
    })
    let used = 0
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.tuple(file, text), pair), { maxLength: 3 }), (files) => {
        const read = parseOwnTemplates(new Map(files))
        if (!read.ok) {
          expect(read.failure.length).toBeGreaterThan(0)
          return
        }
        for (const [name, template] of read.value) {
          used++
          const of = mailKinds.find((one) => name.startsWith(`${one}.`))!
          expect(templateProblems(of, template)).toEqual([])
          const { subject } = renderMail(aMail(of), { ...rendering, own: read.value })
          expect(subject).not.toMatch(/[\r\n]/)
        }
      }),
      fuzzed(800),
    )
    expect(used).toBeGreaterThan(20)
  })

  it('of any text are judged', () => {
    fc.assert(
      fc.property(kind, part, fc.oneof(part, mutantsOf('Hello {{link}} {{code}}')), (of, subject, text) => {
        const problems = templateProblems(of, { subject, text, html: text })
        expect(problems.every((problem) => problem.length > 0)).toBe(true)
      }),
      fuzzed(500),
    )
  })
})

function unescaped(html: string): string {
  const characters: Record<string, string> = {
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#39;': "'",
    '&amp;': '&',
  }
  return html.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => characters[entity]!)
}
