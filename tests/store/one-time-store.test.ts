import { describe, expect, it } from 'vitest'
import type { PersonSessionOpening } from '../../src/core/accounts/account-store.ts'
import type { QueuedMail } from '../../src/core/accounts/mail.ts'
import { newUser } from '../../src/core/accounts/new-user.ts'
import { noneBeside, type OneTimeToken } from '../../src/core/accounts/one-time-token.ts'
import type { User } from '../../src/core/accounts/user.ts'
import { auditEvent } from '../../src/core/audit/event.ts'
import { aCrowd, at, describeTheStore, type StoreUnderTest } from '../support/store-under-test.ts'

const anEvent = () =>
  auditEvent({ now: () => at(0), newId: () => crypto.randomUUID() }, { kind: 'user.register' }, undefined)

const aMail = (changes: Partial<QueuedMail> = {}): QueuedMail => ({
  id: crypto.randomUUID(),
  userId: undefined,
  kind: 'sign-up',
  locale: 'en',
  sealedMessage: 'sealed',
  voidKey: undefined,
  createdAt: at(0),
  nextAttemptAt: at(0),
  sentAt: undefined,
  ...changes,
})

let numbers = 0
const aNumber = () => `33700${100_000 + ++numbers}${Date.now() % 1000}`

async function aUser(the: StoreUnderTest, changes: Partial<User> = {}): Promise<User> {
  const role = await the.store.findRoleByName('user')
  const said = { username: undefined, name: 'Ada', surname: undefined, phone: undefined, locale: undefined }
  const email = `${crypto.randomUUID()}@example.com`
  const of = { id: crypto.randomUUID(), roleId: role?.id ?? '', passwordHash: undefined, now: at(0) }
  const metadata = { theme: 'dark' }
  return { ...newUser({ ...said, email, avatarUrl: undefined, metadata }, of), ...changes }
}

const registrationOf = (user: User, token?: OneTimeToken) => ({
  user,
  token,
  event: anEvent(),
  mail: aMail(),
  knownEvent: anEvent(),
  knownMail: aMail(),
})

async function insertedUser(the: StoreUnderTest, changes: Partial<User> = {}): Promise<User> {
  const user = await aUser(the, changes)
  expect(await the.store.insertUser(registrationOf(user))).toBe('inserted')
  return user
}

const aToken = (user: User, changes: Partial<OneTimeToken> = {}): OneTimeToken => ({
  id: crypto.randomUUID(),
  userId: user.id,
  purpose: 'magic-link',
  digest: 'aaaaaaaa.digest',
  email: user.email,
  createdAt: at(0),
  expiresAt: at(60),
  usedAt: undefined,
  attemptsLeft: 5,
  ...noneBeside,
  codeDigest: 'aaaaaaaa.code',
  ...changes,
})

async function added(the: StoreUnderTest, user: User, changes: Partial<OneTimeToken> = {}) {
  const token = aToken(user, changes)
  await the.store.insertOneTimeToken(token, {})
  return token
}

const openingOf = (user: User, changes: Partial<PersonSessionOpening> = {}): PersonSessionOpening => {
  const id = crypto.randomUUID()
  return {
    session: {
      id,
      userId: user.id,
      refreshDigest: 'aaaaaaaa.refresh',
      previousRefreshDigest: undefined,
      rotates: true,
      permissions: undefined,
      audiences: undefined,
      accessTtlSeconds: undefined,
      createdAt: at(10),
      expiresAt: at(3600),
      lastUsedAt: at(10),
      revokedAt: undefined,
      aal: 1,
      amr: ['link'],
      authenticatedAt: at(10),
      address: undefined,
      userAgent: undefined,
      face: 'supabase',
    },
    userVersion: 1,
    signIn: {
      id,
      userId: user.id,
      at: at(10),
      address: undefined,
      userAgent: undefined,
      method: 'link',
      outcome: 'success',
      requestId: 'r',
    },
    device: undefined,
    newDeviceMail: () => aMail(),
    settled: { cleared: [], givenBack: [] },
    ...changes,
  }
}

describeTheStore((the) => {
  const usedAt = async ({ id }: OneTimeToken) => (await the.store.findOneTimeToken(id))?.usedAt
  const userOf = async ({ id }: User) => (await the.store.findUser(id))?.user

  describe('a user who comes by a number', () => {
    it('is found by it, and is one of twenty who want it at once', async () => {
      const signInPhone = aNumber()
      const outcomes = await aCrowd(async () =>
        the.store.insertUser(registrationOf(await aUser(the, { email: undefined, signInPhone }))),
      )
      expect(outcomes.filter((outcome) => outcome === 'inserted')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'phone_taken')).toHaveLength(19)
      expect((await the.store.findUserByPhone(signInPhone))?.user.signInPhone).toBe(signInPhone)
      expect(await the.store.findUserByPhone('33')).toBeUndefined()
    })
  })

  describe('the digits of a token', () => {
    it('have as many tries as there are, for a crowd too', async () => {
      const user = await insertedUser(the)
      await added(the, user)
      const which = { purposes: ['magic-link'], to: { email: user.email ?? '' } } as const
      const found = await aCrowd(() => the.store.takeCodeAttempts(which, at(1)))
      expect(found.filter(({ length }) => length === 1)).toHaveLength(5)
    })

    it('are found by contact and purpose, while they may be used', async () => {
      const user = await insertedUser(the, { signInPhone: aNumber() })
      const to = { email: user.email ?? '' }
      const live = await added(the, user)
      await added(the, user, { purpose: 'recovery' })
      const ids = async (purposes: readonly OneTimeToken['purpose'][], now = at(1)) =>
        (await the.store.takeCodeAttempts({ purposes, to }, now)).map(({ id }) => id)
      expect(await ids(['magic-link', 'sign-up'])).toEqual([live.id])
      expect(await ids(['sign-up'])).toEqual([])
      expect(await ids(['magic-link'], at(59))).toEqual([live.id])
      expect(await ids(['magic-link'], at(60))).toEqual([])
      await the.store.openPersonSession(
        openingOf(user, { redeems: { tokenId: live.id, confirms: undefined, keepsPassword: true } }),
      )
      expect(await ids(['magic-link'])).toEqual([])
      const bySms = await added(the, user, {
        purpose: 'phone-sign-in',
        email: undefined,
        phone: user.signInPhone,
      })
      const wanted = { purposes: ['phone-sign-in'], to: { phone: user.signInPhone ?? '' } } as const
      expect((await the.store.takeCodeAttempts(wanted, at(1))).map(({ id }) => id)).toEqual([bySms.id])
    })

    it('of a sign-in are not found by an address that is somebody else’s by now', async () => {
      const user = await insertedUser(the)
      await added(the, user, { email: 'left@example.com' })
      const which = { purposes: ['magic-link'], to: { email: 'left@example.com' } } as const
      expect(await the.store.takeCodeAttempts(which, at(1))).toEqual([])
    })

    it('of a change are found by an address that is nobody’s yet', async () => {
      const user = await insertedUser(the)
      const email = `${crypto.randomUUID()}@example.com`
      const token = await added(the, user, { purpose: 'supabase-email-change', email })
      const which = { purposes: ['supabase-email-change'], to: { email } } as const
      expect((await the.store.takeCodeAttempts(which, at(1))).map(({ id }) => id)).toEqual([token.id])
    })
  })

  describe('a token that a session is opened with', () => {
    it('is used up by one of twenty, and confirms the address with it', async () => {
      const user = await insertedUser(the)
      const token = await added(the, user)
      const redeems = { tokenId: token.id, confirms: 'email', keepsPassword: true } as const
      const opened = await aCrowd(() => the.store.openPersonSession(openingOf(user, { redeems })))
      expect(opened.filter(Boolean)).toHaveLength(1)
      expect(await the.store.listPersonSessions(user.id, at(11))).toHaveLength(1)
      expect(await the.store.listSignIns(user.id, { limit: 30, before: undefined })).toHaveLength(1)
      expect(await usedAt(token)).toEqual(at(10))
      expect(await userOf(user)).toMatchObject({
        emailConfirmedAt: at(10),
        metadata: { theme: 'dark', email_verified: true },
        updatedAt: at(10),
      })
    })

    it('keeps the time of the first confirmation, and confirms a number alike', async () => {
      const user = await insertedUser(the, { emailConfirmedAt: at(2), signInPhone: aNumber() })
      const [byMail, bySms] = [await added(the, user), await added(the, user, { purpose: 'phone-sign-in' })]
      const open = (tokenId: string, confirms: 'email' | 'phone') =>
        the.store.openPersonSession(openingOf(user, { redeems: { tokenId, confirms, keepsPassword: true } }))
      expect(await open(byMail.id, 'email')).toBe(true)
      expect(await open(bySms.id, 'phone')).toBe(true)
      expect(await userOf(user)).toMatchObject({ emailConfirmedAt: at(2), phoneConfirmedAt: at(10) })
    })

    it('takes the password with the first confirmation where it is in question, and ends what was opened before', async () => {
      const user = await insertedUser(the, { passwordHash: 'of a stranger' })
      const token = await added(the, user, { purpose: 'recovery' })
      const redeems = { tokenId: token.id, confirms: 'email', keepsPassword: false } as const
      expect(await the.store.openPersonSession(openingOf(user, { redeems }))).toBe(true)
      const proven = await userOf(user)
      expect(proven).toMatchObject({ passwordHash: undefined, version: user.version + 1 })
      expect(proven?.notBefore?.getTime()).toBe(at(10).getTime() - 1)
      const again = await insertedUser(the, { passwordHash: 'of its owner', emailConfirmedAt: at(2) })
      const later = await added(the, again, { purpose: 'recovery' })
      const leaves = { tokenId: later.id, confirms: 'email', keepsPassword: false } as const
      expect(await the.store.openPersonSession(openingOf(again, { redeems: leaves }))).toBe(true)
      expect(await userOf(again)).toMatchObject({ passwordHash: 'of its owner', notBefore: undefined })
    })

    it('is left as it was, and no session is, where it has run out or its user has changed', async () => {
      const user = await insertedUser(the)
      const late = await added(the, user, { expiresAt: at(10) })
      const open = (tokenId: string, changes: Partial<PersonSessionOpening> = {}) =>
        the.store.openPersonSession(
          openingOf(user, { redeems: { tokenId, confirms: 'email', keepsPassword: true }, ...changes }),
        )
      expect(await open(late.id)).toBe(false)
      const token = await added(the, user)
      expect(await open(token.id, { userVersion: 2 })).toBe(false)
      expect(await open(crypto.randomUUID())).toBe(false)
      expect(await usedAt(token)).toBeUndefined()
      expect(await the.store.listPersonSessions(user.id, at(11))).toEqual([])
      expect(await userOf(user)).toEqual(user)
    })
  })

  describe('a token that another one comes of', () => {
    it('is used up with it, by one of twenty', async () => {
      const user = await insertedUser(the)
      const token = await added(the, user)
      const succeed = (userVersion = 1) => {
        const code = aToken(user, { purpose: 'auth-code', codeDigest: undefined, method: 'magiclink' })
        const also = { at: at(5), userVersion }
        return the.store
          .succeedOneTimeToken({ tokenId: token.id, confirms: 'email', keepsPassword: true }, code, also)
          .then((done) => done && code)
      }
      expect(await succeed(2)).toBe(false)
      const codes = (await aCrowd(() => succeed())).filter((code) => code !== false)
      expect(codes).toHaveLength(1)
      expect(await the.store.findOneTimeToken(codes[0]!.id)).toEqual(codes[0])
      expect(await userOf(user)).toMatchObject({ emailConfirmedAt: at(5) })
    })
  })

  describe('the halves of a change', () => {
    it('are used one after the other: the second one is no half any more', async () => {
      const user = await insertedUser(the)
      const one = await added(the, user, { purpose: 'supabase-email-change' })
      const other = await added(the, user, { purpose: 'supabase-email-change-current' })
      const use = (half: OneTimeToken, beside: OneTimeToken) =>
        the.store.useHalf(half, { purpose: beside.purpose, at: at(1) })
      const used = await Promise.all([use(one, other), use(other, one), use(one, other), use(other, one)])
      expect(used.filter(Boolean)).toHaveLength(1)
      expect([await usedAt(one), await usedAt(other)].filter((time) => time === undefined)).toHaveLength(1)
    })

    it('are none where there is but one, or where the other is over', async () => {
      const user = await insertedUser(the)
      const one = await added(the, user, { purpose: 'supabase-email-change' })
      const half = { purpose: 'supabase-email-change-current', at: at(30) } as const
      expect(await the.store.useHalf(one, half)).toBe(false)
      await added(the, user, { purpose: 'supabase-email-change-current', expiresAt: at(30) })
      expect(await the.store.useHalf(one, half)).toBe(false)
    })
  })

  describe('a change of number', () => {
    it('is made once, ends what was sent to the number of before, and makes somebody of nobody', async () => {
      const user = await insertedUser(the, { email: undefined, isAnonymous: true, signInPhone: aNumber() })
      const before = await added(the, user, { purpose: 'phone-sign-in', phone: user.signInPhone })
      const phone = aNumber()
      const token = await added(the, user, { purpose: 'phone-change', phone })
      const made = await aCrowd(() => the.store.changePhone(token, { at: at(1) }))
      expect(made.filter((outcome) => outcome === 'changed')).toHaveLength(1)
      expect(await userOf(user)).toMatchObject({
        signInPhone: phone,
        phoneConfirmedAt: at(1),
        isAnonymous: false,
        version: 2,
      })
      expect(await the.store.findOneTimeToken(before.id)).toBeUndefined()
    })

    it('is refused for a number that is taken, and leaves the token', async () => {
      const phone = aNumber()
      await insertedUser(the, { signInPhone: phone })
      const user = await insertedUser(the)
      const token = await added(the, user, { purpose: 'phone-change', phone })
      expect(await the.store.changePhone(token, { at: at(1) })).toBe('taken')
      expect(await usedAt(token)).toBeUndefined()
    })
  })

  describe('the outbox', () => {
    it('gives mails to whoever can send mails, and the rest to whoever can send that', async () => {
      const [mail, sms] = [aMail(), aMail({ kind: 'sms-code' })]
      for (const message of [mail, sms]) await the.store.enqueueMail(message)
      const claim = async (only: 'mail' | 'sms' | undefined, second: number) => {
        const lease = { now: at(second), leaseUntil: at(second + 50), limit: 1000, only }
        const ids = (await the.store.claimMails(lease)).map(({ id }) => id)
        return [mail.id, sms.id].map((id) => ids.includes(id))
      }
      expect(await claim('sms', 0)).toEqual([false, true])
      expect(await claim('mail', 0)).toEqual([true, false])
      expect(await claim(undefined, 100)).toEqual([true, true])
    })
  })
})
