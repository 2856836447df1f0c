import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { newUser } from '../../src/core/accounts/new-user.ts'
import { noneBeside, type OneTimeToken } from '../../src/core/accounts/one-time-token.ts'
import type { User } from '../../src/core/accounts/user.ts'
import { auditEvent } from '../../src/core/audit/event.ts'
import { at, describeTheStore, type StoreUnderTest } from '../support/store-under-test.ts'

async function inserted(the: StoreUnderTest, changes: Partial<User> = {}): Promise<User | undefined> {
  const role = await the.store.findRoleByName('user')
  const said = { username: undefined, name: 'Ada', surname: undefined, phone: undefined, locale: undefined }
  const of = { id: crypto.randomUUID(), roleId: role?.id ?? '', passwordHash: undefined, now: at(0) }
  const fresh = newUser({ ...said, email: undefined, avatarUrl: undefined, metadata: {} }, of)
  const user = { ...fresh, ...changes }
  const dice = { now: () => at(0), newId: () => crypto.randomUUID() }
  const added = await the.store.addUsers([user], auditEvent(dice, { kind: 'user.import' }, undefined))
  return added ? user : undefined
}

const aToken = (user: User, changes: Partial<OneTimeToken>): OneTimeToken => ({
  id: crypto.randomUUID(),
  userId: user.id,
  purpose: 'recovery',
  digest: 'aaaaaaaa.digest',
  email: undefined,
  createdAt: at(0),
  expiresAt: at(600),
  usedAt: undefined,
  attemptsLeft: undefined,
  ...noneBeside,
  ...changes,
})

describeTheStore((the) => {
  describe('a user without an address', () => {
    it('comes back whole, and several of them stand beside each other', async () => {
      const user = await inserted(the, {
        isAnonymous: true,
        bannedUntil: at(60),
        appMetadata: { plan: 'pro' },
        claimRole: 'editor',
        invitedAt: at(1),
        updatedAt: at(2),
      })
      expect((await the.store.findUser(user!.id))?.user).toEqual(user)
      expect(await the.store.findPerson(user!.id)).toMatchObject({ bannedUntil: at(60) })
      expect(await inserted(the)).toBeDefined()
    })

    it('is found by the number that codes go to, which nobody else can have', async () => {
      const signInPhone = `33${Math.floor(performance.now() * 1000)}`
      const user = await inserted(the, { signInPhone, phoneConfirmedAt: at(0) })
      expect((await the.store.findSigner({ kind: 'phone', phone: signInPhone }, 'x'))?.user).toEqual(user)
      expect((await the.store.findSigner({ kind: 'id', id: user!.id }, 'x'))?.user).toEqual(user)
      expect(await inserted(the, { signInPhone })).toBeUndefined()
    })
  })

  describe('an account record', () => {
    it('has identities, factors and the newest token of each purpose, and is nobody else’s', async () => {
      const user = (await inserted(the))!
      const other = (await inserted(the))!
      const identity = {
        id: crypto.randomUUID(),
        userId: user.id,
        provider: 'google',
        providerId: crypto.randomUUID(),
        data: { email: 'ada@gmail.test' },
        createdAt: at(0),
        updatedAt: at(1),
        lastSignInAt: undefined,
      }
      await the.execute(sql`insert into identities (id, user_id, provider, provider_id, data, created_at, updated_at)
        values (${identity.id}, ${user.id}, 'google', ${identity.providerId}, '{"email":"ada@gmail.test"}',
          ${at(0).toISOString()}, ${at(1).toISOString()})`)
      const factor = {
        id: crypto.randomUUID(),
        userId: user.id,
        kind: 'totp',
        name: 'an app',
        createdAt: at(0),
        activatedAt: undefined,
      } as const
      await the.store.insertFactor(
        { ...factor, sealedSecret: 'aaaaaaaa.secret', lastStep: undefined },
        { token: undefined },
      )
      await the.store.insertOneTimeToken(aToken(user, {}), {})
      // A token that was used stays, and the next one of its purpose counts.
      await the.execute(sql`update one_time_tokens set used_at = created_at where user_id = ${user.id}`)
      await the.store.insertOneTimeToken(aToken(user, { createdAt: at(5), email: 'a@example.com' }), {})
      await the.store.insertOneTimeToken(aToken(user, { purpose: 'phone-change', phone: '33' }), {})

      const found = await the.store.findAccountRecord(user.id)
      expect(found).toMatchObject({ user, identities: [identity], factors: [factor] })
      expect(found?.newest.toSorted((a, b) => a.purpose.localeCompare(b.purpose))).toEqual([
        {
          purpose: 'phone-change',
          email: undefined,
          phone: '33',
          createdAt: at(0),
          expiresAt: at(600),
          usedAt: undefined,
        },
        {
          purpose: 'recovery',
          email: 'a@example.com',
          phone: undefined,
          createdAt: at(5),
          expiresAt: at(600),
          usedAt: undefined,
        },
      ])
      expect(JSON.stringify(found)).not.toContain('aaaaaaaa.')
      expect(await the.store.findAccountRecord(other.id)).toMatchObject({
        identities: [],
        factors: [],
        newest: [],
      })
      expect(await the.store.findAccountRecord(crypto.randomUUID())).toBeUndefined()
    })
  })

  describe('a one-time token', () => {
    it('comes back with all that is beside it', async () => {
      const user = (await inserted(the))!
      const token = aToken(user, {
        purpose: 'auth-code',
        attemptsLeft: 5,
        codeDigest: 'aaaaaaaa.code',
        phone: '33123456789',
        codeChallenge: 'challenge',
        codeChallengeMethod: 's256',
        method: 'magiclink',
        redirectTo: 'https://app.test/',
      })
      await the.store.insertOneTimeToken(token, {})
      expect(await the.store.findOneTimeToken(token.id)).toEqual(token)
    })
  })
})
