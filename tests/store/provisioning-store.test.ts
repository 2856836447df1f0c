import { sql } from 'drizzle-orm'
import { beforeEach, expect, it } from 'vitest'
import type { Factor } from '../../src/core/accounts/factor.ts'
import { newUser } from '../../src/core/accounts/new-user.ts'
import type { Role } from '../../src/core/accounts/role.ts'
import type { User } from '../../src/core/accounts/user.ts'
import { auditEvent } from '../../src/core/audit/event.ts'
import { newcomer } from '../support/administration-deeds.ts'
import { aCrowd, at, describeTheStore } from '../support/store-under-test.ts'

describeTheStore((the) => {
  let plain: Role

  beforeEach(async () => {
    await the.execute(sql`delete from users`)
    plain = (await the.store.findRoleByName('user'))!
  })

  const draw = (changes: Partial<User> = {}): User => {
    const of = { id: crypto.randomUUID(), roleId: plain.id, passwordHash: 'hash', now: at(0) }
    return { ...newUser(newcomer(), of), ...changes }
  }
  const add = (user: User) => the.store.addUser(user, { roleVersion: plain.version, token: undefined })
  const aUser = async (changes: Partial<User> = {}): Promise<User> => {
    const user = draw(changes)
    expect(await add(user)).toBe('added')
    return user
  }
  const seen = async ({ id }: Pick<User, 'id'>) => (await the.store.findUser(id))?.user
  const forGood = ({ id: userId }: Pick<User, 'id'>) =>
    the.store.deleteForGood({
      userId,
      at: at(5),
      revoke: (of) => ({ ...of, cutoff: at(5), createdAt: at(5), expiresAt: at(90) }),
      erased: auditEvent(
        { now: () => at(5), newId: () => crypto.randomUUID() },
        { kind: 'user.erase' },
        undefined,
      ),
    })

  it('says of a user who cannot be added what of theirs is another’s', async () => {
    const ada = await aUser({ signInPhone: '436601' })
    const none = { email: undefined }
    expect(await add(draw({ email: ada.email }))).toBe('email_taken')
    expect(await add(draw({ signInPhone: '436601' }))).toBe('phone_taken')
    expect(await add(draw({ ...none, signInPhone: '436601' }))).toBe('phone_taken')
    expect(await add(draw({ id: ada.id }))).toBe('user_id_taken')
    expect(await add(draw({ ...none, signInPhone: '436602' }))).toBe('added')
  })

  it('says of a change what of it is another’s, and changes nothing', async () => {
    const ada = await aUser({ signInPhone: '436601' })
    const eve = await aUser()
    const change = (standing: object) =>
      the.store.changeUser({
        id: eve.id,
        version: eve.version,
        at: at(5),
        standing,
        profile: { name: 'Eve' },
      })
    expect(await change({ email: ada.email })).toEqual({ kind: 'email_taken' })
    expect(await change({ signInPhone: '436601' })).toEqual({ kind: 'phone_taken' })
    expect(await seen(eve)).toMatchObject({ email: eve.email, name: undefined, version: eve.version })
    expect(await change({ signInPhone: '436602' })).toMatchObject({ kind: 'written' })
  })

  it('gives one number to one of many who are given it at once', async () => {
    const users: User[] = []
    for (let index = 0; index < 10; index++) users.push(await aUser())
    const outcomes = await Promise.all(
      users.map(({ id, version }) =>
        the.store.changeUser({ id, version, standing: { signInPhone: '4366' } }),
      ),
    )
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual([...Array(9).fill('phone_taken'), 'written'])
  })

  it('ends an account for good by one of many: nothing is left but the id, and the address is free', async () => {
    const ada = await aUser({ signInPhone: '436601', metadata: { a: 1 }, appMetadata: { b: 2 } })
    const outcomes = await aCrowd(() => forGood(ada))
    expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1)
    expect(await seen(ada)).toMatchObject({
      email: `erased:${ada.id}`,
      signInPhone: undefined,
      metadata: {},
      appMetadata: {},
      erasedAt: at(5),
    })
    expect(await add(draw({ email: ada.email, signInPhone: '436601' }))).toBe('added')
  })

  it('erases one that was deleted before too, and none that is not there', async () => {
    const ada = await aUser()
    await the.store.deleteUser({
      userId: ada.id,
      from: undefined,
      at: at(1),
      revoke: (of) => ({ ...of, cutoff: at(1), createdAt: at(1), expiresAt: at(90) }),
    })
    expect(await forGood(ada)).toEqual([])
    expect(await seen(ada)).toMatchObject({ deletedAt: at(1), erasedAt: at(5) })
    expect(await forGood({ id: crypto.randomUUID() })).toBeUndefined()
  })

  it('pages accounts by their place, with what hangs on them, and leaves out the erased', async () => {
    const [first, second, third] = [
      await aUser({ createdAt: at(1), email: 'one@page.example' }),
      await aUser({ createdAt: at(2), email: 'two@page.example' }),
      await aUser({ createdAt: at(3), email: undefined, signInPhone: '436601' }),
    ]
    await forGood(await aUser())
    const page = async (asked: object) => {
      const { records, total } = await the.store.pageAccounts({
        offset: 0,
        limit: 10,
        emailPart: undefined,
        order: 'newest',
        ...asked,
      })
      return [records.map(({ user }) => user.id), total]
    }
    expect(await page({})).toEqual([[third.id, second.id, first.id], 3])
    expect(await page({ order: 'oldest', offset: 1, limit: 1 })).toEqual([[second.id], 3])
    expect(await page({ emailPart: 'e@page' })).toEqual([[first.id], 1])
    expect(await page({ emailPart: '%' })).toEqual([[], 0])
    expect(await page({ offset: 1_000_000_000_000 })).toEqual([[], 3])
  })

  it('renames and takes away a factor by the word of an administrator, of its own user alone', async () => {
    const [ada, eve] = [await aUser(), await aUser()]
    const factor: Factor = {
      id: crypto.randomUUID(),
      userId: ada.id,
      kind: 'totp',
      name: 'phone',
      sealedSecret: 'sealed',
      createdAt: at(0),
      activatedAt: at(0),
      lastStep: undefined,
    }
    await the.store.insertFactor(factor, { token: undefined })
    const { id } = factor
    expect(await the.store.renameFactor({ id, userId: eve.id, name: 'x' })).toBe(false)
    expect(await the.store.renameFactor({ id, userId: ada.id, name: 'tablet' })).toBe(true)
    expect(await the.store.listFactors(ada.id)).toMatchObject([{ id, name: 'tablet' }])
    const remove = (userId: string, proof?: { readonly kind: 'administrator' }) =>
      the.store.removeFactor({ id, userId, proof, at: at(5) }, {})
    expect(await remove(ada.id)).toBe(false)
    expect(await remove(eve.id, { kind: 'administrator' })).toBe(false)
    expect(await remove(ada.id, { kind: 'administrator' })).toBe(true)
    expect(await the.store.listFactors(ada.id)).toEqual([])
  })
})
