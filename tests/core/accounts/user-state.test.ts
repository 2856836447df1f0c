import { describe, expect, it } from 'vitest'
import { userState } from '../../../src/core/accounts/user-state.ts'

const user = {
  erasedAt: undefined,
  deletedAt: undefined,
  disabledAt: undefined,
  passwordHash: undefined,
  lastSignInAt: undefined,
}
const at = new Date('2026-01-01T00:00:00Z')

describe('somebody without a password', () => {
  it('is invited until they have been here', () => {
    expect(userState(user)).toBe('invited')
    expect(userState({ ...user, lastSignInAt: at })).toBe('active')
  })

  it('is disabled, deleted or erased as everybody is', () => {
    expect(userState({ ...user, disabledAt: at })).toBe('disabled')
    expect(userState({ ...user, disabledAt: at, deletedAt: at })).toBe('deleted')
    expect(userState({ ...user, deletedAt: at, erasedAt: at })).toBe('erased')
  })
})

describe('somebody with a password', () => {
  it('is active, whether or not they have been here', () => {
    expect(userState({ ...user, passwordHash: 'hash' })).toBe('active')
  })
})
