import { describe, expect, it } from 'vitest'
import { admitPassword } from '../../../src/core/accounts/password.ts'

const isCommon = (password: string) => password === 'correct horse battery'
const judge = (password: string, words: readonly string[] = [], minLength = 15) => {
  const admitted = admitPassword({ isCommon }, password, { minLength, words })
  return admitted.ok ? 'good' : 'problem' in admitted.failure && admitted.failure.problem
}

describe('a password that somebody chooses', () => {
  it('is long enough at the least length, counted in characters', () => {
    expect(judge('x'.repeat(14))).toBe('too_short')
    expect(judge('x'.repeat(15))).toBe('good')
    expect(judge('🦊'.repeat(14))).toBe('too_short')
    expect(judge('🦊'.repeat(15))).toBe('good')
  })

  it('may be as long as 1024 characters, and is refused and not cut beyond', () => {
    expect(judge('🦊'.repeat(1024))).toBe('good')
    expect(judge('x'.repeat(1025))).toBe('too_long')
  })

  it('may be made of whatever characters, spaces alone too', () => {
    for (const one of [' '.repeat(15), 'aaaaaaaaaaaaaaa', 'пароль без границ', 'a\u0000b'.repeat(5)]) {
      expect(judge(one)).toBe('good')
    }
  })

  it('is not half a character, which another one would be as good as', () => {
    expect(judge(`${'x'.repeat(15)}\ud800`)).toBe('not_text')
  })

  it('is none of those that are tried first', () => {
    expect(judge('correct horse battery')).toBe('common')
  })

  it('is not the address or the name with little beside it', () => {
    const words = ['ada.lovelace.1815@example.com', 'countess of lovelace', 'ada']
    expect(judge('ada.lovelace.1815', words)).toBe('personal')
    expect(judge('Ada.Lovelace.1815!!1', words)).toBe('personal')
    expect(judge('countess of lovelace', words)).toBe('personal')
    expect(judge('ada.lovelace.1815 and more', words)).toBe('good')
    expect(judge('adaadaadaadaada', words)).toBe('good')
  })
})
