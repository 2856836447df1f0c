import { describe, expect, it } from 'vitest'
import { contextWords, judgePassword, type PasswordRules } from '../../../src/core/accounts/password-rules.ts'

const nobody: PasswordRules = { minLength: 15, words: ['guichet'], common: new Set() }
const ada = contextWords(['ada.lovelace@example.com', 'Countess', 'Ada', 'King-Noël'])

function ruleOf(password: string, rules: Partial<PasswordRules> = {}) {
  const judged = judgePassword(password, { ...nobody, ...rules })
  return judged.ok ? undefined : judged.failure.rule
}

describe('the length of a password', () => {
  it.each([15, 8])('may be %i where that is the least, and not one less', (minLength) => {
    expect(ruleOf('q'.repeat(minLength), { minLength })).toBeUndefined()
    expect(judgePassword('q'.repeat(minLength - 1), { ...nobody, minLength })).toEqual({
      ok: false,
      failure: { rule: 'too_short', minLength },
    })
  })

  it('may be 64, 128 and 1024, and not one more, instead of being cut', () => {
    for (const length of [64, 128, 1024]) expect(ruleOf('q'.repeat(length))).toBeUndefined()
    expect(judgePassword('q'.repeat(1025), nobody)).toEqual({
      ok: false,
      failure: { rule: 'too_long', maxLength: 1024 },
    })
  })

  it('counts code points, not the units of UTF-16 nor bytes', () => {
    expect(ruleOf('🔑'.repeat(15))).toBeUndefined()
    expect(ruleOf('🔑'.repeat(14))).toBe('too_short')
    expect(ruleOf('🔑'.repeat(1024))).toBeUndefined()
    expect(ruleOf('🔑'.repeat(1025))).toBe('too_long')
  })

  it('counts spaces at both ends, which belong to the password', () => {
    expect(ruleOf(`  ${'q'.repeat(12)} `)).toBeUndefined()
    expect(ruleOf(' '.repeat(15))).toBeUndefined()
  })
})

describe('the characters of a password', () => {
  it.each([
    'onlylowercasehere',
    '839201748392017',
    'пароль для входа',
    '合言葉は山と川と海と空と星です',
    'tab\tand\u0000nul\nand more',
    'e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301',
  ])('may be any: %j', (password) => {
    expect(ruleOf(password)).toBeUndefined()
  })

  it('may be pairs of surrogates and not a lone one, which has no UTF-8', () => {
    expect(ruleOf(`${'q'.repeat(15)}\u{1F511}`)).toBeUndefined()
    expect(ruleOf(`${'q'.repeat(15)}\uD83D`)).toBe('malformed')
    expect(ruleOf(`\uDD11${'q'.repeat(15)}`)).toBe('malformed')
  })
})

describe('a common password', () => {
  const common = new Set(['mypassword', 'password', '12345678', '2024', 'fun', 'thelongestlisted'])

  it('is refused whole, in any case and width, and not when it is only contained', () => {
    expect(ruleOf('thelongestlisted', { common })).toBe('common')
    expect(ruleOf('TheLongestLISTED', { common })).toBe('common')
    expect(ruleOf('ｔｈｅｌｏｎｇｅｓｔｌｉｓｔｅｄ', { common })).toBe('common')
    expect(ruleOf('thelongestlisted?', { common })).toBeUndefined()
    expect(ruleOf('a password of mine', { common })).toBeUndefined()
  })

  it('is refused when it is two of the list in a row, and not three', () => {
    expect(ruleOf('password12345678', { common })).toBe('common')
    expect(ruleOf('passwordPassword', { common })).toBe('common')
    expect(ruleOf('password2024', { common, minLength: 8 })).toBe('common')
    expect(ruleOf('password2024password', { common })).toBeUndefined()
  })

  it('has parts of four characters at least, since any three are listed by chance', () => {
    expect(ruleOf('mypasswordfun', { common, minLength: 8 })).toBeUndefined()
  })
})

describe('a word that belongs to the person or the product', () => {
  it('is any of their names and of its pieces, folded, but none of two letters', () => {
    expect(ada).toEqual([
      'guichet',
      'ada.lovelace@example.com',
      'ada.lovelace',
      'ada',
      'lovelace',
      'countess',
      'king-noël',
      'king',
      'noël',
    ])
    expect(contextWords(['jo@example.com', undefined])).toEqual(['guichet', 'jo@example.com'])
  })

  it('refuses a password of which it is more than half, and not one of which it is half', () => {
    expect(ruleOf('Lovelace-7Qx9kT', { words: ada })).toBe('context_word')
    expect(ruleOf('Lovelace-7Qx9kTz', { words: ada })).toBeUndefined()
  })

  it('refuses the address of the account, of which the greater part is its host', () => {
    const words = contextWords(['jo@mail.example.com'])
    expect(ruleOf('jo@mail.example.com', { words })).toBe('context_word')
    expect(ruleOf('JO@mail.example.com2024', { words })).toBe('context_word')
  })

  it('counts all words and every place where they stand', () => {
    expect(ruleOf('guichetGuichet1', { words: ada })).toBe('context_word')
    expect(ruleOf('Ada 5!x Countess', { words: ada })).toBe('context_word')
    expect(ruleOf('5!x ada lovelace', { words: ada })).toBe('context_word')
  })

  it('refuses a password where the rest is a common one', () => {
    const common = new Set(['123456789'])
    expect(ruleOf('guichet123456789', { common })).toBe('context_word')
    expect(ruleOf('123guichet456789', { common })).toBe('context_word')
    expect(ruleOf('guichet123459876', { common })).toBeUndefined()
  })

  it('allows a password without any', () => {
    expect(ruleOf('correct horse battery staple', { words: ada })).toBeUndefined()
  })
})
