import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type OpenDatabase, openPostgres } from '../../src/runtime/postgres.ts'
import { storeError } from '../../src/store/store-error.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let opened: OpenDatabase

beforeAll(async () => {
  database = await freshDatabase()
  opened = openPostgres(
    { url: database.url, poolMax: 4, connectTimeoutMs: 5000, queryTimeoutMs: 10_000 },
    () => {},
  )
  await database.query('create table counters (id int primary key, value int not null)')
})
beforeEach(async () => {
  await database.query('truncate counters')
  await database.query('insert into counters values (1, 0), (2, 0)')
})

afterAll(async () => {
  await opened.close()
  await database.drop()
})

const values = async () =>
  (await database.query('select value from counters order by id')).map((row) => row['value'])

/** Adds one to both, each time they are asked for in this order; the second waits until the other side has its first. */
function countBoth(first: number, second: number, meeting: () => Promise<unknown>): Promise<unknown> {
  const one = (id: number) => sql`update counters set value = value + 1 where id = ${id}`
  return opened.db.transaction(async (tx) => {
    await tx.execute(one(first))
    await meeting()
    await tx.execute(one(second))
  })
}

/** Lets nobody go on until two have come; whoever comes later does not wait. */
function meetingOfTwo(): () => Promise<unknown> {
  const both = Promise.withResolvers<void>()
  let come = 0
  return () => {
    come += 1
    if (come === 2) both.resolve()
    return both.promise
  }
}

describe('a transaction on PostgreSQL', () => {
  it('is begun again when it was undone for the sake of another', async () => {
    const meeting = meetingOfTwo()
    await Promise.all([countBoth(1, 2, meeting), countBoth(2, 1, meeting)])
    expect(await values()).toEqual([2, 2])
  })

  it('is undone whole, and tells so, when that happens each time', async () => {
    let begun = 0
    const undone = opened.db.transaction(async (tx) => {
      begun += 1
      await tx.execute(sql`update counters set value = 7`)
      await tx.execute(sql`do $$ begin raise sqlstate '40001'; end $$`)
    })
    const fault = await undone.catch(storeError)
    expect(fault).toMatchObject({ name: 'StoreUnavailableError', message: expect.stringContaining('40001') })
    expect([begun, await values()]).toEqual([3, [0, 0]])
  })

  it('is begun once when anything else is wrong with it', async () => {
    let begun = 0
    const refused = opened.db.transaction(async (tx) => {
      begun += 1
      await tx.execute(sql`insert into counters values (1, 1)`)
    })
    await expect(refused).rejects.toThrow()
    expect(begun).toBe(1)
  })
})
