import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SignInStore } from '../../src/core/accounts/account-store.ts'
import { type OpenDatabase, openPostgres } from '../../src/runtime/postgres.ts'
import { createStore } from '../../src/store/store.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { at } from '../support/store-under-test.ts'

let database: TestDatabase
let opened: OpenDatabase
let store: SignInStore

beforeAll(async () => {
  database = await migratedDatabase()
  opened = openPostgres(
    { url: database.url, poolMax: 10, connectTimeoutMs: 5000, queryTimeoutMs: 10_000 },
    () => {},
  )
  store = createStore(opened.db, opened.hotPath)
})

afterAll(async () => {
  await opened.close()
  await database.drop()
})

const count = (subjects: readonly string[]) =>
  store.changeSignInFailures(subjects, (found) => ({
    write: found.map((one) => ({ ...one, failures: one.failures + 1, lastFailedAt: at(1) })),
    outcome: undefined,
  }))

const failuresBy = async () =>
  Object.fromEntries(
    (await database.query('select subject, failures from sign_in_failures')).map((row) => [
      row['subject'],
      row['failures'],
    ]),
  )

/** Until these are the rows that statements wait for. */
const waitingFor = (...subjects: readonly string[]) =>
  expect
    .poll(
      () =>
        database.query(
          `select subject from sign_in_failures join pg_locks on locktype = 'tuple'
             and relation = tableoid and ctid = format('(%s,%s)', page, tuple)::tid order by subject`,
        ),
      { timeout: 10_000, interval: 10 },
    )
    .toEqual(subjects.map((subject) => ({ subject })))

/** Holds rows by a statement of another's until it is told to let them go. */
async function held(statement: string): Promise<{ readonly letGo: (last?: string) => Promise<void> }> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('begin')
  await client.query(statement)
  return {
    async letGo(last) {
      if (last !== undefined) await client.query(last)
      await client.query('commit')
      await client.end()
    },
  }
}

describe('failures that are settled', () => {
  it('are those that were there when it began: nothing waits for an attempt that waits for it', async () => {
    const [pair, account, address] = ['1 pair', '2 account', '3 address'] as const
    await count([pair, account, address])
    const settledBefore = await held(`delete from sign_in_failures where subject = '${pair}'`)
    const triedBefore = await held(`select 1 from sign_in_failures where subject = '${account}' for update`)
    const elsewhere = await held(`select 1 from sign_in_failures where subject = '${address}' for update`)
    const settled = store.settleSignInFailures({ cleared: [pair], givenBack: [account, address] })
    await waitingFor(pair)
    await settledBefore.letGo()
    await waitingFor(account)
    await triedBefore.letGo(`insert into sign_in_failures values ('${pair}', 1, now())`)
    await waitingFor(address)
    const attempted = count([pair, account])
    await waitingFor(account, address)
    await elsewhere.letGo()
    await Promise.all([settled, attempted])
    expect(await failuresBy()).toEqual({ [pair]: 2, [account]: 1, [address]: 0 })
  })
})
