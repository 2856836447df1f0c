import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { system } from '../../src/runtime/system.ts'
import { call } from '../support/call.ts'
import { forgetStatements, migratedDatabase } from '../support/database.ts'
import { testSecret } from '../support/gateway-process.ts'
import { startTestWorker } from '../support/worker.ts'

describe('an exchange on Workers', () => {
  it('asks the database once, and its answer waits for nothing else', async () => {
    const database = await migratedDatabase()
    await database.query('create extension pg_stat_statements')
    const apiKey = mintApiKeyText(system, 'gk')
    const worker = await startTestWorker(database.url, {
      GUICHET_SECRET: testSecret,
      BOOTSTRAP_API_KEY: apiKey,
    })
    const holder = new pg.Client({ connectionString: database.url })
    await holder.connect()
    try {
      const uses = () => database.query('select count::int from key_usage')
      const connections = async () => {
        const { rows } = await holder.query(
          `select count(*)::int as others from pg_stat_activity
           where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
        )
        return rows
      }
      const exchange = () => call('POST', `${worker.url}/api/v1/auth/token/`, { json: { apiKey } })
      // The first call fills the isolate's memory, and its connection ends with the last that it writes after its answer.
      expect((await exchange()).status).toBe(200)
      await expect.poll(uses).toEqual([{ count: 1 }])
      await expect.poll(connections).toEqual([{ others: 0 }])
      // What comes after the answer waits here, to the end of the count.
      await holder.query('begin')
      await holder.query('lock table key_usage in access exclusive mode')
      await forgetStatements(database)
      expect((await exchange()).status).toBe(200)
      const statements = await database.query(
        `select s.calls::int, left(s.query, 11) as query from pg_stat_statements s
       join pg_database d on d.oid = s.dbid
       where d.datname = current_database() and s.query not like '%pg_stat_statements%'`,
      )
      expect(statements).toEqual([{ calls: 1, query: 'with wanted' }])
      await holder.query('rollback')
      await expect.poll(uses).toEqual([{ count: 2 }])
    } finally {
      await holder.end()
      await worker.stop()
      await database.drop()
    }
  })
})
