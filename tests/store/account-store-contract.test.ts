import { describe, expect, it } from 'vitest'
import type { PersonSessionOpening, Registration } from '../../src/core/accounts/account-store.ts'
import type { QueuedMail } from '../../src/core/accounts/mail.ts'
import { newUser } from '../../src/core/accounts/new-user.ts'
import { noneBeside, type OneTimeToken } from '../../src/core/accounts/one-time-token.ts'
import type { User } from '../../src/core/accounts/user.ts'
import { auditEvent } from '../../src/core/audit/event.ts'
import { prune } from '../../src/core/prune.ts'
import { revocationOf } from '../../src/core/tokens/revocations.ts'
import type { PersonSession } from '../../src/core/tokens/session.ts'
import { aCrowd, aSession, at, describeTheStore, type StoreUnderTest } from '../support/store-under-test.ts'

const anEvent = (userId: string) =>
  auditEvent(
    { now: () => at(0), newId: () => crypto.randomUUID() },
    { kind: 'user.register', userId, target: userId },
    undefined,
  )

const aMail = (userId: string): QueuedMail => ({
  id: crypto.randomUUID(),
  userId,
  kind: 'email-confirm',
  locale: 'en',
  sealedMessage: 'sealed',
  voidKey: undefined,
  createdAt: at(0),
  nextAttemptAt: at(0),
  sentAt: undefined,
})

const aToken = (user: User, changes: Partial<OneTimeToken> = {}): OneTimeToken => ({
  id: crypto.randomUUID(),
  userId: user.id,
  purpose: 'email-confirm',
  digest: 'digest',
  email: user.email,
  createdAt: at(0),
  expiresAt: at(60),
  usedAt: undefined,
  attemptsLeft: undefined,
  ...noneBeside,
  ...changes,
})

/** One who has an address. */
type Addressed = User & { readonly email: string }

async function aUser(the: StoreUnderTest, changes: Partial<Addressed> = {}): Promise<Addressed> {
  const role = await the.store.findRoleByName('user')
  const said = { username: undefined, name: 'Ada', surname: undefined, phone: undefined, locale: 'fr' }
  const email = `${crypto.randomUUID()}@example.com`
  const of = { id: crypto.randomUUID(), roleId: role?.id ?? '', passwordHash: 'hash', now: at(0) }
  return {
    ...newUser({ ...said, email, avatarUrl: undefined, metadata: { theme: 'dark' } }, of),
    email,
    ...changes,
  }
}

const registrationOf = (user: User): Registration => ({
  user,
  token: aToken(user),
  event: anEvent(user.id),
  mail: aMail(user.id),
  knownEvent: anEvent(user.id),
  knownMail: aMail(user.id),
})

async function insertedUser(the: StoreUnderTest, changes: Partial<Addressed> = {}): Promise<Addressed> {
  const user = await aUser(the, changes)
  expect(await the.store.insertUser(registrationOf(user))).toBe('inserted')
  return user
}

const aPersonSession = (user: User, changes: Partial<PersonSession> = {}): PersonSession => ({
  id: crypto.randomUUID(),
  userId: user.id,
  refreshDigest: 'aaaaaaaa.refresh',
  previousRefreshDigest: undefined,
  rotates: true,
  permissions: undefined,
  audiences: undefined,
  accessTtlSeconds: undefined,
  createdAt: at(0),
  expiresAt: at(3600),
  lastUsedAt: at(0),
  revokedAt: undefined,
  aal: 1,
  amr: ['pwd'],
  authenticatedAt: at(0),
  address: '192.0.2.1',
  userAgent: 'a browser',
  face: 'native',
  ...changes,
})

const openingOf = (session: PersonSession, changes: Partial<PersonSessionOpening> = {}) => ({
  session,
  userVersion: 1,
  signIn: {
    id: crypto.randomUUID(),
    userId: session.userId,
    at: session.createdAt,
    address: '192.0.2.1',
    userAgent: undefined,
    method: 'password' as const,
    outcome: 'success' as const,
    requestId: 'r',
  },
  device: 'a device',
  newDeviceMail: () => aMail(session.userId),
  settled: { cleared: [], givenBack: [] },
  ...changes,
})

describeTheStore((the) => {
  describe('the roles', () => {
    it('are there from the migration on', async () => {
      expect(await the.store.findRoleByName('admin')).toMatchObject({ permissions: ['*'], builtIn: true })
      expect(await the.store.findRoleByName('user')).toMatchObject({ permissions: [], builtIn: true })
      expect(await the.store.findRoleByName('none')).toBeUndefined()
    })
  })

  describe('a user', () => {
    it('comes back as it was added, by id, by address and by name in any case', async () => {
      const user = await insertedUser(the, { username: 'Ada.Lovelace' })
      const expected = { user, role: await the.store.findRoleByName('user') }
      expect(await the.store.findUser(user.id)).toEqual(expected)
      expect(await the.store.findUserByEmail(user.email)).toEqual(expected)
      const named = { kind: 'username', username: 'ADA.lovelace' } as const
      expect(await the.store.findSigner(named, 'x')).toEqual({ ...expected, deviceKnown: false })
      expect(await the.store.findPerson(user.id)).toEqual({
        id: user.id,
        role: { id: user.roleId, name: 'user', permissions: [], secondFactorRequired: false },
        disabledAt: undefined,
        deletedAt: undefined,
        notBefore: undefined,
        version: 1,
      })
    })

    it('is one of twenty who want the address at once, and the others write what is told of that', async () => {
      const users = await Promise.all(
        Array.from({ length: 20 }, () => aUser(the, { email: 'wanted@example.com' })),
      )
      const outcomes = await Promise.all(users.map((user) => the.store.insertUser(registrationOf(user))))
      expect(outcomes.filter((outcome) => outcome === 'inserted')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'email_taken')).toHaveLength(19)
      const found = await the.store.findUserByEmail('wanted@example.com')
      expect(users.map(({ id }) => id)).toContain(found?.user.id)
      for (const user of users) {
        const told = await the.store.listAuditEvents({ userId: user.id }, { limit: 9, before: undefined })
        expect(told).toHaveLength(1)
      }
    })

    it('is refused by the name alone where both are taken, and leaves nothing', async () => {
      const user = await insertedUser(the, { username: 'both' })
      const other = await aUser(the, { email: user.email, username: 'BOTH' })
      expect(await the.store.insertUser(registrationOf(other))).toBe('username_taken')
      const told = await the.store.listAuditEvents({ userId: other.id }, { limit: 9, before: undefined })
      expect(told).toEqual([])
    })

    it('keeps a new hash only of the password that was judged', async () => {
      const user = await insertedUser(the)
      await the.store.rehashPassword(user.id, { from: 'another', to: 'new' })
      expect((await the.store.findUser(user.id))?.user.passwordHash).toBe('hash')
      await the.store.rehashPassword(user.id, { from: 'hash', to: 'new' })
      expect((await the.store.findUser(user.id))?.user).toEqual({ ...user, passwordHash: 'new' })
    })
  })

  describe('the session of a person', () => {
    it('comes back as it was opened, with the sign-in, and the device is known then', async () => {
      const user = await insertedUser(the)
      const session = aPersonSession(user, { permissions: ['a:b'], audiences: ['c'], accessTtlSeconds: 60 })
      const opening = openingOf(session)
      expect(await the.store.openPersonSession(opening)).toBe(true)
      const role = await the.store.findRoleByName('user')
      const signed = { ...user, lastSignInAt: session.createdAt }
      expect(await the.store.findPersonSession(session.id)).toEqual({ session, user: signed, role })
      expect(await the.store.listPersonSessions(user.id, at(0))).toEqual([session])
      expect(await the.store.listSignIns(user.id, { limit: 9, before: undefined })).toEqual([opening.signIn])
      const name = { kind: 'email', email: user.email } as const
      expect((await the.store.findSigner(name, 'a device'))?.deviceKnown).toBe(true)
      expect((await the.store.findSigner(name, 'another'))?.deviceKnown).toBe(false)
      const other = await insertedUser(the)
      const another = { kind: 'email', email: other.email } as const
      expect((await the.store.findSigner(another, 'a device'))?.deviceKnown).toBe(false)
    })

    it('is not that of a machine, nor a machine’s that of a person', async () => {
      const user = await insertedUser(the)
      const session = aPersonSession(user)
      await the.store.openPersonSession(openingOf(session))
      expect(await the.store.findSession(session.id)).toBeUndefined()
      expect(await the.store.useSession(session.id, at(1))).toBeUndefined()
      const { key } = await the.insertedKey()
      const machine = aSession(key)
      await the.store.openSession(machine, key.version)
      expect(await the.store.findPersonSession(machine.id)).toBeUndefined()
      const filter = { clientId: undefined, keyId: undefined, limit: 100, afterId: undefined }
      const listed = await the.store.listSessions(filter, at(0))
      expect(listed).toContainEqual(machine)
      expect(listed.map(({ id }) => id)).not.toContain(session.id)
      const revocation = revocationOf(
        { kind: 'session', subject: session.id },
        { now: at(2), clockSkewSeconds: 5 },
      )
      expect(await the.store.endSession(session.id, revocation)).toEqual({ ...session, revokedAt: at(2) })
    })

    it('is refused after the version of its user changed, and leaves nothing', async () => {
      const user = await insertedUser(the)
      const opening = openingOf(aPersonSession(user), { userVersion: 2 })
      expect(await the.store.openPersonSession(opening)).toBe(false)
      expect(await the.store.listSignIns(user.id, { limit: 9, before: undefined })).toEqual([])
    })

    it('is rotated by one of twenty, while it lives and its user is as they were judged', async () => {
      const user = await insertedUser(the)
      const session = aPersonSession(user)
      await the.store.openPersonSession(openingOf(session))
      const rotation = (index: number) => ({
        from: session.refreshDigest,
        to: `to ${index}`,
        at: at(5),
        expiresAt: at(7200),
        userVersion: 1,
      })
      const stale = { ...rotation(99), userVersion: 2 }
      expect(await the.store.rotatePersonSession(session.id, stale)).toBe(false)
      const rotated = await aCrowd((index) => the.store.rotatePersonSession(session.id, rotation(index)))
      expect(rotated.filter(Boolean)).toHaveLength(1)
      const found = await the.store.findPersonSession(session.id)
      expect(found?.session).toMatchObject({
        refreshDigest: `to ${rotated.indexOf(true)}`,
        expiresAt: at(7200),
        previousRefreshDigest: session.refreshDigest,
        lastUsedAt: at(5),
      })
    })

    it('ends alone, with all others or with all, each with a revocation and none twice', async () => {
      const user = await insertedUser(the)
      const sessions = [0, 1, 2, 3].map((index) => aPersonSession(user, { createdAt: at(index) }))
      for (const session of sessions) await the.store.openPersonSession(openingOf(session))
      const end = async (scope: 'session' | 'others' | 'all', index: number) => {
        const which = { userId: user.id, scope, sessionId: sessions[index]?.id ?? '', now: at(9) }
        const made = await the.store.endPersonSessions(which, (subject) =>
          revocationOf({ kind: 'session', subject }, { now: at(9), clockSkewSeconds: 5 }),
        )
        return made.map(({ subject }) => sessions.findIndex(({ id }) => id === subject)).sort()
      }
      const other = aPersonSession(await insertedUser(the))
      await the.store.openPersonSession(openingOf(other))
      expect(await end('session', 1)).toEqual([1])
      expect(await end('others', 0)).toEqual([2, 3])
      expect(await end('all', 0)).toEqual([0])
      expect(await end('all', 0)).toEqual([])
      const live = await the.store.listRevocations(at(9), undefined)
      expect(live.map(({ subject }) => subject)).toEqual(expect.arrayContaining(sessions.map(({ id }) => id)))
      expect((await the.store.findPersonSession(other.id))?.session.revokedAt).toBeUndefined()
    })
  })

  describe('failures to sign in', () => {
    const count = (subjects: readonly string[]) =>
      the.store.changeSignInFailures(subjects, (found) => ({
        write: found.map((one) => ({ ...one, failures: one.failures + 1, lastFailedAt: at(1) })),
        outcome: found.map(({ subject, failures }) => `${subject} ${failures}`).sort(),
      }))

    it('are counted one by one, whoever comes together, and in whatever order they name them', async () => {
      const [one, other] = [crypto.randomUUID(), crypto.randomUUID()]
      const seen = await aCrowd((index) => count(index % 2 === 0 ? [one, other] : [other, one]))
      const firsts = seen.flat().flatMap((text) => (text.startsWith(one) ? [Number(text.split(' ')[1])] : []))
      expect(firsts.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index))
    })

    it('are cleared, or given back, and nothing is made of those that are not there', async () => {
      const [cleared, given, absent] = [1, 2, 3].map(() => crypto.randomUUID()) as [string, string, string]
      for (let time = 0; time < 3; time++) await count([cleared, given])
      await the.store.settleSignInFailures({ cleared: [cleared], givenBack: [given, absent] })
      expect(await count([cleared, given, absent])).toEqual(
        [`${cleared} 0`, `${given} 2`, `${absent} 0`].sort(),
      )
    })
  })

  describe('a token from a mail', () => {
    it('comes back as it was added, confirms once, and voids the one before', async () => {
      const user = await insertedUser(the)
      const [first, second] = [aToken(user), aToken(user)]
      await the.store.insertOneTimeToken(first, {})
      await the.store.insertOneTimeToken(second, {})
      expect(await the.store.findOneTimeToken(first.id)).toBeUndefined()
      expect(await the.store.findOneTimeToken(second.id)).toEqual(second)
      const confirmed = await aCrowd(() => the.store.confirmEmail(second, { at: at(30) }))
      expect(confirmed.filter(Boolean)).toHaveLength(1)
      expect((await the.store.findUser(user.id))?.user.emailConfirmedAt).toEqual(at(30))
      expect((await the.store.findOneTimeToken(second.id))?.usedAt).toEqual(at(30))
    })

    it('confirms nothing when it is over, nor an address that the user has no more', async () => {
      const user = await insertedUser(the)
      const late = aToken(user, { expiresAt: at(30) })
      await the.store.insertOneTimeToken(late, {})
      expect(await the.store.confirmEmail(late, { at: at(30) })).toBe(false)
      const other = aToken(user, { email: 'other@example.com' })
      await the.store.insertOneTimeToken(other, {})
      expect(await the.store.confirmEmail(other, { at: at(1) })).toBe(false)
      expect((await the.store.findUser(user.id))?.user.emailConfirmedAt).toBeUndefined()
    })

    it('is kept for nobody, and the mail of it is', async () => {
      const nobody = await aUser(the)
      const token = aToken(nobody)
      const mail = { ...aMail(nobody.id), sentAt: at(0) }
      await the.store.insertOneTimeToken(token, { mails: [mail] })
      expect(await the.store.findOneTimeToken(token.id)).toBeUndefined()
    })
  })

  describe('pruning', () => {
    it('forgets what of people has run out, and leaves what lives', async () => {
      const day = 86_400
      const [old, young] = [await insertedUser(the), await insertedUser(the)]
      await the.store.openPersonSession(openingOf(aPersonSession(old)))
      const later = aPersonSession(young, { createdAt: at(170 * day), expiresAt: at(200 * day) })
      await the.store.openPersonSession(openingOf(later))
      await prune({ now: () => at(181 * day), store: the.store })
      const signIns = async (user: User) =>
        (await the.store.listSignIns(user.id, { limit: 9, before: undefined })).length
      expect([await signIns(old), await signIns(young)]).toEqual([0, 1])
      const known = async ({ email }: Addressed) =>
        (await the.store.findSigner({ kind: 'email', email }, 'a device'))?.deviceKnown
      expect([await known(old), await known(young)]).toEqual([false, true])
      expect((await the.store.findPersonSession(later.id))?.session.id).toBe(later.id)
    })
  })
})
