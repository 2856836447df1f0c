import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, it } from 'vitest'
import { newUser } from '../../src/core/accounts/new-user.ts'
import type { Role } from '../../src/core/accounts/role.ts'
import type { User } from '../../src/core/accounts/user.ts'
import { auditEvent } from '../../src/core/audit/event.ts'
import { newcomer } from '../support/administration-deeds.ts'
import { aClient, aCrowd, aKey, at, describeTheStore } from '../support/store-under-test.ts'

describeTheStore((the) => {
  let admin: Role
  let plain: Role

  beforeEach(async () => {
    await the.execute(sql`delete from users`)
    await the.execute(sql`delete from role where not built_in`)
    const found = await Promise.all([the.store.findRoleByName('admin'), the.store.findRoleByName('user')])
    admin = found[0]!
    plain = found[1]!
  })

  const aUser = async (role: Role, changes: Partial<User> = {}): Promise<User> => {
    const of = { id: crypto.randomUUID(), roleId: role.id, passwordHash: 'hash', now: at(0) }
    const user = { ...newUser(newcomer(), of), ...changes }
    expect(await the.store.addUser(user, { roleVersion: role.version, token: undefined })).toBe('added')
    return user
  }
  const aRole = async (): Promise<Role> => {
    const role = {
      id: crypto.randomUUID(),
      name: `role-${crypto.randomUUID()}`,
      permissions: ['orders:*'],
      createdAt: at(0),
      builtIn: false,
      secondFactorRequired: false,
      version: 1,
    }
    expect(await the.store.insertRole(role)).toBe(true)
    return role
  }
  const demote = ({ id, version }: User) =>
    the.store.changeUser({ id, version, standing: { roleId: plain.id }, roleVersion: plain.version })

  describe('the last administrator', () => {
    it('is one of twenty who are all demoted at once', async () => {
      const admins: User[] = []
      for (let index = 0; index < 20; index++) admins.push(await aUser(admin))
      const outcomes = await Promise.all(admins.map(demote))
      expect(outcomes.filter(({ kind }) => kind === 'last_admin')).toHaveLength(1)
      expect(outcomes.filter(({ kind }) => kind === 'written')).toHaveLength(19)
    })

    it('is never kept as an administrator by a change that was judged on another version', async () => {
      const [user] = [await aUser(admin), await aUser(admin)]
      expect((await demote({ ...user, version: 7 })).kind).toBe('stale')
    })
  })

  describe('a change of a user', () => {
    it('is made by one of twenty who judged the same version', async () => {
      const { id, version } = await aUser(plain)
      const outcomes = await aCrowd(() =>
        the.store.changeUser({ id, version, standing: { disabledAt: at(5) } }),
      )
      expect(outcomes.filter(({ kind }) => kind === 'written')).toHaveLength(1)
      const found = await the.store.findUser(id)
      expect(found?.user).toMatchObject({ disabledAt: at(5), version: version + 1 })
    })

    it('of what they say of themselves is no new version, and empties what is null', async () => {
      const { id, version } = await aUser(plain, { name: 'Ada', surname: 'Byron' })
      await the.store.changeUser({ id, version, profile: { name: null, metadata: { a: 1 } } })
      const found = await the.store.findUser(id)
      expect(found?.user).toMatchObject({ name: undefined, surname: 'Byron', metadata: { a: 1 }, version })
    })

    it('gives no role that has changed since it was judged, or that is gone', async () => {
      const { id, version } = await aUser(plain)
      const role = await aRole()
      const give = (roleVersion: number) =>
        the.store.changeUser({ id, version, standing: { roleId: role.id }, roleVersion })
      expect(await the.store.replaceRole({ ...role, permissions: ['*'], version: 2 })).toBe('replaced')
      expect((await give(1)).kind).toBe('stale')
      expect(await the.store.deleteRole({ ...role, version: 2 })).toBe('deleted')
      expect((await give(2)).kind).toBe('stale')
    })
  })

  describe('a role', () => {
    it('is replaced by one of twenty, and only over the version that was judged', async () => {
      const role = await aRole()
      const outcomes = await aCrowd((index) =>
        the.store.replaceRole({ ...role, permissions: [`orders:${index}`], version: 2 }),
      )
      expect(outcomes.filter((outcome) => outcome === 'replaced')).toHaveLength(1)
      expect(await the.store.replaceRole({ ...role, name: 'admin', version: 3 })).toBe('name_taken')
      expect(await the.store.deleteRole(role)).toBe('stale')
    })

    it('stays while somebody has it, also somebody deleted', async () => {
      const role = await aRole()
      const user = await aUser(role, { deletedAt: at(1) })
      expect(await the.store.deleteRole(role)).toBe('in_use')
      await the.execute(sql`update users set erased_at = now() where id_user = ${user.id}`)
      expect(await the.store.deleteRole(role)).toBe('deleted')
      expect((await the.store.findUser(user.id))?.role.name).toBe('user')
    })
  })

  describe('the client of one’s own', () => {
    const fresh = (ownerId: string) => aClient({ permissions: ['*'], ownerId })

    it('is made once when twenty ask at the same time, and found from then on', async () => {
      const { id } = await aUser(plain)
      const clients = await aCrowd(() => the.store.ownClient(id, fresh(id)))
      expect(new Set(clients.map((client) => client?.id)).size).toBe(1)
    })

    it('is none that permits less, and nobody’s who is not there', async () => {
      const { id } = await aUser(plain)
      const narrower = aClient({ ownerId: id, permissions: ['orders:*'] })
      await the.store.insertClient(narrower)
      const own = await the.store.ownClient(id, fresh(id))
      expect(own?.id).not.toBe(narrower.id)
      const [first, second] = [aKey(narrower, { createdAt: at(1) }), aKey(own!, { createdAt: at(2) })]
      for (const key of [first, second]) await the.store.insertKey(key, undefined)
      expect(await the.store.listOwnedKeys(id, { limit: 9, after: undefined })).toEqual([first, second])
      expect(await the.store.listOwnedKeys(id, { limit: 9, after: first })).toEqual([second])
      const gone = await aUser(plain, { deletedAt: at(1) })
      for (const none of [gone.id, crypto.randomUUID()]) {
        expect(await the.store.ownClient(none, fresh(none))).toBeUndefined()
      }
      await the.execute(sql`truncate clients, api_keys`)
    })
  })

  describe('a key of one’s own', () => {
    it('takes the last room once of twenty who ask, and leaves nothing behind where there is none', async () => {
      const { id: ownerId } = await aUser(plain)
      const [own, second, narrower] = [
        aClient({ permissions: ['*'], ownerId }),
        aClient({ permissions: ['*'], ownerId }),
        aClient({ permissions: ['orders:*'], ownerId }),
      ]
      for (const client of [own, second, narrower]) await the.store.insertClient(client)
      const others = [
        aKey(second),
        aKey(narrower),
        aKey(own, { revokedAt: at(1) }),
        aKey(own, { expiresAt: at(10) }),
        aKey(own, { retiresAt: at(10) }),
      ]
      for (const key of others) await the.store.insertKey(key, undefined)
      const replay = {
        id: crypto.randomUUID(),
        fingerprint: 'f',
        sealedAnswer: 's',
        createdAt: at(10),
        expiresAt: at(600),
      }
      const room = { ownerId, max: 2, now: at(10), replay: undefined }
      const outcomes = await aCrowd(() => the.store.insertOwnKey(aKey(own), room))
      expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'too_many')).toHaveLength(19)
      expect(await the.store.insertOwnKey(aKey(own), { ...room, replay })).toBe('too_many')
      expect(await the.store.findReplay(replay.id)).toBeUndefined()
      expect(await the.store.insertOwnKey(aKey(own), { ...room, max: 3, replay })).toBe(true)
      expect(await the.store.insertOwnKey(aKey(own), { ...room, replay })).toBe(false)
      const justBefore = { ...room, max: 5, now: new Date(at(10).getTime() - 1) }
      expect(await the.store.insertOwnKey(aKey(own), justBefore)).toBe('too_many')
      await the.execute(sql`truncate clients, api_keys`)
    })
  })

  describe('an import', () => {
    const event = () =>
      auditEvent({ now: () => at(0), newId: () => crypto.randomUUID() }, { kind: 'user.import' }, undefined)
    const imported = () =>
      newUser(newcomer(), { id: crypto.randomUUID(), roleId: plain.id, passwordHash: undefined, now: at(0) })

    it('adds all, or none where one of them is here', async () => {
      const here = await aUser(plain)
      const others = [imported(), imported()]
      const clashing = [...others, { ...imported(), email: here.email }]
      expect(await the.store.addUsers(clashing, event())).toBe(false)
      expect(await the.store.findUser(others[0]!.id)).toBeUndefined()
      expect(await the.store.addUsers(others, event())).toBe(true)
      expect((await the.store.findUser(others[1]!.id))?.user).toEqual(others[1])
    })

    it('finds who has an id, an address, or a name in any case', async () => {
      const users = [
        await aUser(plain),
        await aUser(plain),
        await aUser(plain, { username: 'Some.One' }),
        await aUser(plain),
      ]
      const found = await the.store.findUsersLike({
        ids: [users[0]!.id],
        emails: [users[1]!.email ?? '', 'a"b\\c@example.com'],
        usernames: ['sOME.oNE'],
        phones: ['336'],
      })
      expect(new Set(found.map(({ id }) => id))).toEqual(new Set(users.slice(0, 3).map(({ id }) => id)))
    })

    it('adds identities, authenticators and numbers with their users, and finds whose they are', async () => {
      const user = { ...imported(), email: undefined, signInPhone: `33${Date.now()}` }
      const identity = {
        id: crypto.randomUUID(),
        userId: user.id,
        provider: 'google',
        providerId: `"a,b\\${user.id}`,
        data: { sub: '1' },
        createdAt: at(0),
        updatedAt: at(1),
        lastSignInAt: undefined,
      }
      const factor = {
        id: crypto.randomUUID(),
        userId: user.id,
        kind: 'totp' as const,
        name: 'phone',
        sealedSecret: 'sealed',
        createdAt: at(0),
        activatedAt: at(1),
        lastStep: undefined,
      }
      const beside = { identities: [identity], factors: [factor] }
      expect(await the.store.addUsers([user], event(), beside)).toBe(true)
      expect(await the.store.listFactors(user.id)).toEqual([factor])
      const { provider, providerId } = identity
      const names = [identity, { provider, providerId: 'another' }, { provider: 'another', providerId }]
      expect(await the.store.findIdentitiesLike(names)).toEqual([{ provider, providerId }])
      const found = await the.store.findUsersLike({
        ids: [],
        emails: [],
        usernames: [],
        phones: [user.signInPhone, '339'],
      })
      expect(found).toMatchObject([{ id: user.id, signInPhone: user.signInPhone }])
      const other = imported()
      const taken = { identities: [{ ...identity, id: crypto.randomUUID(), userId: other.id }], factors: [] }
      expect(await the.store.addUsers([other], event(), taken)).toBe(false)
      expect(await the.store.findUser(other.id)).toBeUndefined()
    })
  })
})
