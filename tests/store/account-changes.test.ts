import { sql } from 'drizzle-orm'
import { beforeEach, expect, it } from 'vitest'
import { noneBeside, type OneTimeToken } from '../../src/core/accounts/one-time-token.ts'
import type { AccountChange } from '../../src/core/accounts/own-account-store.ts'
import { revocationOf } from '../../src/core/tokens/revocations.ts'
import { aCrowd, at, describeTheStore } from '../support/store-under-test.ts'

describeTheStore((the) => {
  let userId: string

  const added = async () => {
    const id = crypto.randomUUID()
    await the.execute(sql`insert into users (id_user, email, password_hash, is_anonymous, metadata, role_id, created_at)
      select ${id}::uuid, ${`${id}@example.com`}, 'before', true, '{"a": 1, "b": {"c": 2}}', id_role, now()
      from role where name = 'user'`)
    return id
  }

  beforeEach(async () => {
    userId = await added()
  })

  const userOf = async (id = userId) => (await the.store.findUser(id))?.user

  const aToken = (changes: Partial<OneTimeToken> = {}): OneTimeToken => ({
    id: crypto.randomUUID(),
    userId,
    purpose: 'supabase-email-change',
    digest: 'aaaaaaaa.token',
    email: 'new@example.com',
    createdAt: at(0),
    expiresAt: at(600),
    usedAt: undefined,
    attemptsLeft: 5,
    ...noneBeside,
    ...changes,
  })

  const aChange = (changes: Partial<AccountChange> = {}): AccountChange => ({
    userId,
    userVersion: 1,
    sessionId: crypto.randomUUID(),
    passwordHash: undefined,
    email: undefined,
    phone: undefined,
    metadata: undefined,
    uses: undefined,
    tokens: [],
    at: at(5),
    revoke: (subject) => revocationOf({ kind: 'session', subject }, { now: at(5), clockSkewSeconds: 5 }),
    ...changes,
  })

  it('lays metadata over what there is, which is no new version', async () => {
    const metadata = { set: { b: 'two', 'a "quoted" {name}': [null, { d: null }] }, remove: ['a', 'absent'] }
    expect(await the.store.changeAccount(aChange({ metadata }))).toEqual([])
    expect(await userOf()).toMatchObject({
      metadata: { b: 'two', 'a "quoted" {name}': [null, { d: null }] },
      version: 1,
      updatedAt: at(5),
      isAnonymous: true,
    })
    const awkward = { set: {}, remove: ['a "quoted" {name}', 'b,c'] }
    expect(await the.store.changeAccount(aChange({ metadata: awkward }))).toEqual([])
    expect((await userOf())?.metadata).toEqual({ b: 'two' })
  })

  it('gives one of twenty a password, as one new version', async () => {
    const outcomes = await aCrowd((index) =>
      the.store.changeAccount(aChange({ passwordHash: `after ${index}` })),
    )
    expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1)
    expect(await userOf()).toMatchObject({ version: 2, passwordChangedAt: at(5) })
    expect((await userOf())?.passwordHash).toMatch(/^after/)
  })

  it('makes somebody known by a contact that counts at once', async () => {
    const [email, phone] = [`${crypto.randomUUID()}@example.com`, String(Date.now())]
    expect(await the.store.changeAccount(aChange({ email, phone }))).toEqual([])
    expect(await userOf()).toMatchObject({
      email,
      emailConfirmedAt: at(5),
      signInPhone: phone,
      phoneConfirmedAt: at(5),
      isAnonymous: false,
      version: 2,
    })
    const other = await added()
    const theirs = { userId: other, passwordHash: 'after' }
    expect(await the.store.changeAccount(aChange({ ...theirs, email }))).toBe('email_taken')
    expect(await the.store.changeAccount(aChange({ ...theirs, phone }))).toBe('phone_taken')
    expect(await userOf(other)).toMatchObject({ passwordHash: 'before', version: 1 })
  })

  it('gives nobody an address that is kept for who may take it back', async () => {
    const email = `${crypto.randomUUID()}@example.com`
    const kept = aToken({ userId: await added(), purpose: 'email-undo', email })
    await the.store.insertOneTimeToken(kept, {})
    expect(await the.store.changeAccount(aChange({ email }))).toBe('email_taken')
    expect(await userOf()).toMatchObject({ isAnonymous: true, version: 1 })
  })

  it('uses a token up with the change, or does nothing at all', async () => {
    const code = aToken({ purpose: 'reauthentication' })
    await the.store.insertOneTimeToken(code, {})
    const change = aChange({ uses: code.id, metadata: { set: { once: true }, remove: [] } })
    const outcomes = await aCrowd(() => the.store.changeAccount(change))
    expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1)
    const late = aToken({ purpose: 'reauthentication', expiresAt: at(5) })
    await the.store.insertOneTimeToken(late, {})
    const over = aChange({ uses: late.id, metadata: { set: { late: true }, remove: [] } })
    expect(await the.store.changeAccount(over)).toBeUndefined()
    expect((await userOf())?.metadata).not.toHaveProperty('late')
  })

  it('puts new tokens in the place of both halves of the change before, and of no other', async () => {
    const [toNew, toOld, phone] = [
      aToken(),
      aToken({ purpose: 'supabase-email-change-current' }),
      aToken({ purpose: 'phone-change', phone: '331' }),
    ]
    expect(await the.store.changeAccount(aChange({ tokens: [toNew, toOld, phone] }))).toEqual([])
    const next = aToken({ email: 'newer@example.com' })
    expect(await the.store.changeAccount(aChange({ tokens: [next] }))).toEqual([])
    const found = await Promise.all(
      [toNew, toOld, phone, next].map(async ({ id }) => (await the.store.findOneTimeToken(id)) !== undefined),
    )
    expect(found).toEqual([false, false, true, true])
    // A new password voids what was asked for with the one of before.
    await the.store.changeAccount(aChange({ passwordHash: 'after', tokens: [] }))
    expect(await the.store.findOneTimeToken(next.id)).toBeUndefined()
  })

  it('changes nobody who is disabled, deleted or in another version', async () => {
    const change = aChange({ metadata: { set: { x: 1 }, remove: [] } })
    expect(await the.store.changeAccount({ ...change, userVersion: 2 })).toBeUndefined()
    await the.execute(sql`update users set disabled_at = now() where id_user = ${userId}`)
    expect(await the.store.changeAccount(change)).toBeUndefined()
    await the.execute(sql`update users set disabled_at = null, deleted_at = now() where id_user = ${userId}`)
    expect(await the.store.changeAccount(change)).toBeUndefined()
  })
})
