import { describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase } from '../support/database.ts'
import { testSecret } from '../support/gateway-process.ts'
import { startTestWorker } from '../support/worker.ts'

describe('the schedule of a Worker', () => {
  it('makes the next signing key when it is due, though nobody calls', async () => {
    const database = await migratedDatabase()
    const worker = await startTestWorker(database.url, { GUICHET_SECRET: testSecret })
    try {
      const scheduled = () => call('GET', `${worker.url}/cdn-cgi/handler/scheduled`)
      const count = () => database.query('select count(*)::int from signing_keys')
      expect((await scheduled()).text).toBe('ok')
      expect(await count()).toEqual([{ count: 1 }])
      await database.query("update signing_keys set active_from = active_from - interval '31 days'")
      await scheduled()
      await scheduled()
      expect(await count()).toEqual([{ count: 2 }])
    } finally {
      await worker.stop()
      await database.drop()
    }
  })
})
