import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { newUser } from '../../src/core/accounts/new-user.ts'
import { auditEvent } from '../../src/core/audit/event.ts'
import { at, describeTheStore, type StoreUnderTest } from '../support/store-under-test.ts'

const eventOf = (target: string) =>
  auditEvent(
    { now: () => at(0), newId: () => crypto.randomUUID() },
    { kind: 'user.erase', target },
    undefined,
  )

/** Somebody whose account was deleted so long ago that it is to be erased. */
async function aGoner(the: StoreUnderTest): Promise<string> {
  const role = await the.store.findRoleByName('user')
  const said = { username: undefined, name: 'Ada', surname: undefined, phone: undefined, locale: undefined }
  const of = { id: crypto.randomUUID(), roleId: role?.id ?? '', passwordHash: undefined, now: at(0) }
  const user = newUser({ ...said, email: `${of.id}@example.com`, avatarUrl: undefined, metadata: {} }, of)
  expect(await the.store.addUsers([{ ...user, deletedAt: at(1) }], eventOf(of.id))).toBe(true)
  return of.id
}

describeTheStore((the) => {
  it('deletes the profiles of those who are erased, and empties those that the application holds on to', async () => {
    const [held, kept, free, other] = [
      await aGoner(the),
      await aGoner(the),
      await aGoner(the),
      await aGoner(the),
    ]
    await the.execute(sql`create table invoices (customer uuid not null references profiles (id))`)
    await the.execute(
      sql`create table receipts (customer uuid not null references profiles (id) on delete restrict)`,
    )
    await the.execute(sql`insert into invoices values (${held})`)
    await the.execute(sql`insert into receipts values (${kept})`)
    const erasure = { deletedBefore: at(2), at: at(3), limit: 9, event: eventOf }
    const ids = [held, kept, free, other]
    expect(new Set(await the.store.eraseUsers(erasure))).toEqual(new Set(ids))
    expect(await the.store.eraseUsers(erasure)).toEqual([])
    const left = await Promise.all(ids.map(the.store.findPersonalData))
    expect(left.map((data) => data?.user.erasedAt)).toEqual(ids.map(() => at(3)))
    expect(left.map((data) => data?.profile)).toEqual([
      { id: held, name: undefined, role: 'user', createdAt: at(0), updatedAt: at(3) },
      { id: kept, name: undefined, role: 'user', createdAt: at(0), updatedAt: at(3) },
      undefined,
      undefined,
    ])
  })
})
