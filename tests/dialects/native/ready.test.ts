import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway?.close())

const ready = async (token?: string) => {
  const { status, body, headers } = await gateway.call('GET', '/health/ready', { token })
  return { status, details: body.error?.details, vary: headers.get('vary') }
}

const lacking = [{ field: '', message: 'This instance is not ready.', code: 'migrations_missing' }]

describe('readiness', () => {
  it('says that migrations are missing to whoever may read the audit log', async () => {
    const token = await gateway.accessToken()
    expect((await ready(token)).status).toBe(200)
    await gateway.database.query('update drizzle.__drizzle_migrations set created_at = created_at - 1')
    expect(await ready(token)).toEqual({ status: 503, details: lacking, vary: 'Authorization' })
    expect(gateway.requestLines.at(-1)).toMatchObject({
      reason: 'service_unavailable',
      cause: 'migrations_missing',
    })
  })

  it('says to nobody else what is missing', async () => {
    const few = await gateway.accessToken(gateway.adminKey, { permissions: ['keys:read'] })
    expect(await ready(few)).toMatchObject({ status: 503, details: undefined })
    expect(await ready()).toMatchObject({ status: 503, details: undefined })
    expect(await ready('nothing')).toMatchObject({ status: 503, details: undefined })
    const line = gateway.requestLines.at(-1)
    expect(line).toMatchObject({ reason: 'service_unavailable', cause: 'migrations_missing' })
  })
})
