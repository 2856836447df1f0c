import { describe, expect, it } from 'vitest'
import { parseEmail } from '../../../src/core/accounts/email.ts'
import { isUsername } from '../../../src/core/accounts/username.ts'

describe('an e-mail address', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['Ada.Lovelace+notes@EXAMPLE.com', 'ada.lovelace+notes@example.com'],
    ['ＡＤＡ@example.com', 'ada@example.com'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
    ['ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
    ['ﬁona@example.com', 'fiona@example.com'],
    ['josé@example.com', 'josé@example.com'],
    ['jose\u0301@example.com', 'josé@example.com'],
    ["o'brien@example.co.uk", "o'brien@example.co.uk"],
    ['ada@example.com.', undefined],
    ['a＠b.example', undefined],
    ['a﹫b.example', undefined],
    ['a@b＠c.example', undefined],
    ['a@b@c.example', undefined],
    ['ada@example', undefined],
    ['ada@127.0.0.1', undefined],
    ['ada@[127.0.0.1]', undefined],
    ['ada@2130706433', undefined],
    ['ada@a.b:25', undefined],
    ['ada@a.b/c', undefined],
    ['ada@a.b?c', undefined],
    ['ada@%61.example', undefined],
    ['ada@-a.example', undefined],
    ['ada@a..example', undefined],
    ['.ada@a.example', undefined],
    ['a..da@a.example', undefined],
    ['"ada"@a.example', undefined],
    ['ada lovelace@a.example', undefined],
    ['ada@a.example\r\nBcc: eve@b.example', undefined],
    ['ada\r\n@a.example', undefined],
    ['ada\0@a.example', undefined],
    ['ada@a.exa\u00admple', undefined],
    ['\ud800@a.example', undefined],
    ['@a.example', undefined],
    ['ada@', undefined],
    ['', undefined],
  ])('%j is read as %j', (text, read) => {
    expect(parseEmail(text)).toBe(read)
  })

  it('has at most 64 bytes before the @ and 254 in all', () => {
    const domain = `${'a'.repeat(61)}.${'b'.repeat(61)}.${'c'.repeat(62)}.org`
    expect(parseEmail(`${'x'.repeat(64)}@a.example`)).toBeDefined()
    expect(parseEmail(`${'x'.repeat(65)}@a.example`)).toBeUndefined()
    const longest = `${'x'.repeat(254 - 1 - domain.length)}@${domain}`
    expect([longest.length, parseEmail(longest)]).toEqual([254, longest])
    expect(parseEmail(`x${longest}`)).toBeUndefined()
    expect(parseEmail(`${'x'.repeat(100_000)}@a.example`)).toBeUndefined()
  })

  it('is the same when it is read again', () => {
    for (const text of ['İpek@example.com', 'ẞ@STRASSE.example', 'ſ@example.com', 'K@kelvin.example']) {
      const once = parseEmail(text)
      expect(once).toBeDefined()
      expect(parseEmail(once ?? '')).toBe(once)
    }
  })
})

describe('a user name', () => {
  it.each(['ada', 'Ada.Lovelace', 'a-1', 'a'.repeat(32)])('can be %s', (text) => {
    expect(isUsername(text)).toBe(true)
  })

  it.each(['ad', 'a'.repeat(33), '.ada', 'ada.', 'a@a', 'ada lovelace', 'adа', 'ada\n', ''])(
    'cannot be %j',
    (text) => {
      expect(isUsername(text)).toBe(false)
    },
  )
})
