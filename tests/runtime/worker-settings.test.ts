import { describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase } from '../support/database.ts'
import { testSecret } from '../support/gateway-process.ts'
import { startTestWorker } from '../support/worker.ts'

describe('a Worker that is to exchange from memory', () => {
  it('answers no call, since an isolate may be gone before it could write', async () => {
    const database = await migratedDatabase()
    const worker = await startTestWorker(database.url, {
      GUICHET_SECRET: testSecret,
      DEGRADED_EXCHANGE_SECONDS: '60',
    })
    try {
      const { status, body } = await call('GET', `${worker.url}/.well-known/jwks.json`)
      expect([status, body.error.code]).toEqual([503, 'service_unavailable'])
    } finally {
      await worker.stop()
      await database.drop()
    }
  })
})
