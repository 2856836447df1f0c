import { describe, expect, it } from 'vitest'
import { identitiesOf } from '../../../src/core/accounts/identities.ts'
import type { Identity } from '../../../src/core/accounts/identity.ts'
import { newUser } from '../../../src/core/accounts/new-user.ts'
import type { User } from '../../../src/core/accounts/user.ts'
import { system } from '../../../src/runtime/system.ts'

const id = crypto.randomUUID()
const now = new Date('2026-01-01T00:00:00Z')
const said = { username: undefined, name: undefined, surname: undefined, phone: undefined, locale: undefined }
const aUser = (changes: Partial<User>): User => ({
  ...newUser(
    { ...said, email: 'ada@example.com', avatarUrl: undefined, metadata: {} },
    { id, roleId: 'role', passwordHash: undefined, now },
  ),
  ...changes,
})
const imported = (changes: Partial<Identity>): Identity => ({
  id: crypto.randomUUID(),
  userId: id,
  provider: 'email',
  providerId: id,
  data: { sub: id, email: 'old@example.com', email_verified: false, invited_by: 'Grace' },
  createdAt: new Date('2020-01-01T00:00:00Z'),
  updatedAt: new Date('2020-01-01T00:00:00Z'),
  lastSignInAt: undefined,
  ...changes,
})

describe('the identities of a user', () => {
  it('follow from the address and the number, the same each time', () => {
    const user = aUser({ signInPhone: '33612345678', phoneConfirmedAt: now })
    const [email, phone, ...more] = identitiesOf(system, user, [])
    expect([email, phone, more]).toMatchObject([
      { provider: 'email', providerId: id, data: { sub: id, email: user.email, email_verified: false } },
      { provider: 'phone', providerId: id, data: { phone: '33612345678', phone_verified: true } },
      [],
    ])
    expect(identitiesOf(system, user, [])).toEqual([email, phone])
    expect(email?.id).not.toBe(phone?.id)
    expect(email?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('keep what was imported of them, with the address that the user has by now', () => {
    const own = imported({})
    const google = imported({ provider: 'google', providerId: 'g-1', data: { email: 'ada@gmail.test' } })
    const user = aUser({ email: 'new@example.com', emailConfirmedAt: now })
    const data = { ...own.data, email: 'new@example.com', email_verified: true, phone_verified: false }
    expect(identitiesOf(system, user, [google, own])).toEqual([{ ...own, data }, google])
  })

  it('are only those that were imported of somebody without address and number', () => {
    const google = imported({ provider: 'google', providerId: 'g-1' })
    expect(identitiesOf(system, aUser({ email: undefined }), [google])).toEqual([google])
    expect(identitiesOf(system, aUser({ email: undefined }), [])).toEqual([])
  })
})
