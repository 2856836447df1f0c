import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type Front, startFront } from '../support/front.ts'
import { startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { startTestWorker } from '../support/worker.ts'

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`

let front: Front
let database: TestDatabase
let settings: Readonly<Record<string, string>>

beforeAll(async () => {
  front = await startFront(() => new Response(null, { status: 204 }))
  database = await migratedDatabase()
  settings = {
    GUICHET_SECRET: testSecret,
    PUBLIC_URL: 'https://accounts.test',
    SMS_WEBHOOK_URL: `${front.url}/sms`,
    SMS_WEBHOOK_SECRET: secret,
    REGISTRATION: 'open',
    EMAIL_CONFIRMATION: 'required',
  }
})

afterAll(async () => {
  await front?.close()
  await database?.drop()
})

/** Asks for a code, which is to come, and signs in by it. */
async function signsInByTelephone(url: string, phone: string): Promise<string> {
  const asked = await call('POST', `${url}/auth/v1/otp`, { json: { phone } })
  expect([asked.status, asked.text]).toEqual([200, '{}'])
  const bodies = () => front.seenAt('/sms').map(({ body }) => JSON.parse(body))
  await expect.poll(() => bodies().some(({ data }) => data.to === phone), { timeout: 15_000 }).toBe(true)
  const { data } = bodies().find((body) => body.data.to === phone)
  expect(data.text).toBe(`${data.code} is your code for accounts.test. Tell it to nobody.`)
  const signed = await call('POST', `${url}/auth/v1/verify`, {
    json: { type: 'sms', phone, token: data.code },
  })
  expect(signed.status).toBe(200)
  return data.code
}

describe('a code for a telephone', () => {
  it('leaves a process that has no mail server, and stands in no log', async () => {
    const gateway = await startGatewayProcess({ ...settings, DATABASE_URL: database.url })
    try {
      const code = await signsInByTelephone(gateway.url, '+33612345701')
      expect(gateway.output()).not.toMatch(new RegExp(`${code}|33612345701`))
    } finally {
      await gateway.remove()
    }
  })

  it('leaves a Worker', async () => {
    const worker = await startTestWorker(database.url, settings)
    try {
      await signsInByTelephone(worker.url, '+33612345702')
    } finally {
      await worker.stop()
    }
  })
})
