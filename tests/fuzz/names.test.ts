import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEmail } from '../../src/core/accounts/email.ts'
import { contextWords, judgePassword } from '../../src/core/accounts/password-rules.ts'
import { parsePhone } from '../../src/core/accounts/phone.ts'
import { allowedRedirect } from '../../src/core/accounts/redirects.ts'
import { isUsername } from '../../src/core/accounts/username.ts'
import { cleanName } from '../../src/mail/clean-name.ts'
import { commonPasswords } from '../../src/runtime/passwords/common-passwords.ts'
import { parseMailAddress } from '../../src/settings/mail.ts'
import { fuzzed, timesFuzzed } from './fuzzed.ts'
import { mutantsOf, oddPiece, oddText } from './odd-texts.ts'

const anyEmail = fc.oneof(
  fc.emailAddress(),
  fc.emailAddress().chain((address) => mutantsOf(address)),
  fc.tuple(oddPiece, oddPiece, oddPiece).map(([a, b, c]) => `${a}@${b}.${c}`),
  fc
    .tuple(oddText, fc.constantFrom('@people.test', '@PEOPLE.test.', '@é.test', '@xn--9ca.test'))
    .map((parts) => parts.join('')),
  oddText,
)

/** Everything that a mail server or a header could take for more than one address. */
const dangerous = /[\p{C}\p{Z}<>()[\]\\,;:"]/u

function expectAddress(email: string): void {
  expect(parseEmail(email), 'a normal form is its own').toBe(email)
  expect(email.split('@')).toHaveLength(2)
  expect(email).not.toMatch(dangerous)
  expect(email.split('@')[1]).toMatch(/^[a-z0-9.-]+$/)
  expect(Buffer.byteLength(email)).toBeLessThanOrEqual(254)
}

describe('an e-mail address', () => {
  it('is read in one normal form, which is read as itself, whatever it is written like', () => {
    fc.assert(
      fc.property(anyEmail, (text) => {
        const email = parseEmail(text)
        if (email === undefined) return
        expectAddress(email)
        expect([parseEmail(text.toLowerCase()), parseEmail(text.normalize('NFKC'))]).toEqual([email, email])
      }),
      fuzzed(3000),
    )
  })

  it('has that form for every character of Unicode', () => {
    // In a long session all of them, else a part that is another one in no run.
    const step = timesFuzzed(1) >= 5 ? 1 : 61
    for (let code = 0; code <= 0x10ffff; code += step) {
      const email = parseEmail(`a${String.fromCodePoint(code)}b@x.test`)
      if (email !== undefined && parseEmail(email) !== email)
        throw new Error(`U+${code.toString(16)}: ${email}`)
    }
  })

  it('that any ordinary person has is taken', () => {
    const ordinary = fc.stringMatching(/^[a-z][a-z0-9._+-]{0,20}[a-z0-9]@[a-z]{2,10}\.(?:com|fr|example)$/)
    fc.assert(
      fc.property(ordinary, (text) => {
        if (!text.includes('..')) expect(parseEmail(text.toUpperCase())).toBe(text)
      }),
      fuzzed(300),
    )
  })
})

describe('a user name', () => {
  it('is never an address, a number of a key, or more than ASCII', () => {
    fc.assert(
      fc.property(
        fc.oneof(oddText, mutantsOf('ada.lovelace'), fc.stringMatching(/^[\w.-]{1,40}$/)),
        (text) => {
          if (!isUsername(text)) return
          expect(text).toMatch(/^[\x21-\x7e]{3,32}$/)
          expect([text.includes('@'), text.includes('\n'), parseEmail(text)]).toEqual([
            false,
            false,
            undefined,
          ])
        },
      ),
      fuzzed(1500),
    )
  })
})

describe('a telephone number', () => {
  it('is digits alone, and those are its own normal form', () => {
    fc.assert(
      fc.property(
        fc.oneof(oddText, mutantsOf('+33 1 23 45 67 89'), fc.stringMatching(/^\+?[0-9 ]{1,18}$/)),
        (text) => {
          const phone = parsePhone(text)
          if (phone === undefined) return
          expect(phone).toMatch(/^[1-9][0-9]{1,14}$/)
          expect([parsePhone(phone), parsePhone(`+${phone}`)]).toEqual([phone, phone])
          expect(text.replace(/[+ ]/g, '')).toBe(phone)
        },
      ),
      fuzzed(1500),
    )
  })
})

describe('a name in a mail', () => {
  it('holds no address, no link and no number that could be called', () => {
    fc.assert(
      fc.property(fc.oneof(oddText, mutantsOf('Ada Lovelace'), fc.webUrl(), fc.emailAddress()), (text) => {
        const name = cleanName(text)
        if (name === undefined) return
        expect(name).not.toMatch(/[@/:<>&"\p{C}\r\n]|\p{N}{4}|www\.|\.com/u)
        expect(cleanName(name)).toBe(name)
      }),
      fuzzed(1500),
    )
  })
})

describe('who mails come from', () => {
  it('is one address, and no header of somebody else’s making', () => {
    fc.assert(
      fc.property(fc.oneof(oddText, mutantsOf('Accounts <no-reply@people.test>')), (text) => {
        const read = parseMailAddress(text)
        if (read === undefined) return
        expect(read.address).toMatch(/^[^\s@<>,;"]+@[^\s@<>,;"]+$/)
        expect(read.name).not.toMatch(/[<>\r\n\0]/)
      }),
      fuzzed(1500),
    )
  })
})

describe('a password', () => {
  it('is judged, whatever it is: well formed, long enough, and never changed', async () => {
    const common = await commonPasswords()
    const rules = { minLength: 8, words: contextWords(['ada@people.test', 'Ada']), common }
    fc.assert(
      fc.property(oddText, (password) => {
        const judged = judgePassword(password, rules)
        if (!judged.ok) return
        expect(password.isWellFormed()).toBe(true)
        expect([...password].length).toBeGreaterThanOrEqual(8)
        expect(common.has(password.toLowerCase())).toBe(false)
      }),
      fuzzed(500),
    )
  })
})

describe('where a browser is sent', () => {
  const siteUrl = 'https://app.example'
  const redirectUrls = ['https://*.preview.example/**', 'myapp://back/**', 'https://one.example/?']

  it('is the site, this machine, or below what is listed: never another host', () => {
    const hosts = fc.constantFrom(
      'app.example',
      'a.preview.example',
      'evil.example',
      '127.0.0.1',
      '[::1]',
      'one.example',
    )
    const wanted = fc
      .tuple(
        fc.constantFrom(
          'https://',
          'http://',
          'https:',
          '//',
          'javascript:',
          'myapp://',
          'https:\\\\',
          'HTTPS://',
        ),
        fc.oneof(fc.constant(''), oddPiece),
        hosts,
        fc.oneof(fc.constant(''), oddPiece),
        fc.constantFrom(
          '',
          '/',
          '/x',
          '?y',
          '#z',
          '@evil.example',
          '.evil.example',
          ':8443',
          '/../..//evil.example',
        ),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: wanted }, oddText), (text) => {
        const to = new URL(allowedRedirect({ siteUrl, redirectUrls }, text))
        expect([to.username, to.password]).toEqual(['', ''])
        const name = to.protocol === 'myapp:' ? 'myapp' : to.hostname
        expect([text, name]).toEqual([
          text,
          expect.stringMatching(
            /^(?:app\.example|[^./?#]*\.preview\.example|one\.example|myapp|127\.[\d.]+|\[::1\])$/,
          ),
        ])
      }),
      fuzzed(4000),
    )
  })
})
