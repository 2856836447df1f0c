import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import journal from '../../drizzle/meta/_journal.json' with { type: 'json' }
import { call } from '../support/call.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

const instances = 10

describe('ten instances that start at once on one empty database', () => {
  let database: TestDatabase
  let gateways: readonly GatewayProcess[] = []

  beforeAll(async () => {
    database = await freshDatabase()
    // Making an RSA key takes long and unevenly, which is when a race shows.
    const env = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret, SIGNING_ALG: 'RS256' }
    const starts = await Promise.allSettled(Array.from({ length: instances }, () => startGatewayProcess(env)))
    gateways = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
    const failures = starts.flatMap((start) => (start.status === 'rejected' ? [start.reason] : []))
    expect(failures).toEqual([])
  }, 90_000)

  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.remove()))
    await database?.drop()
  })

  it('run each migration once', async () => {
    const rows = await database.query('select hash from drizzle.__drizzle_migrations')
    expect(rows).toHaveLength(journal.entries.length)
    expect(new Set(rows.map((row) => row['hash'])).size).toBe(rows.length)
  })

  it('make one client, and hand its one key over once', async () => {
    expect(await database.query('select name from clients')).toEqual([{ name: 'admin' }])
    expect(await database.query('select name from api_keys')).toHaveLength(1)
    expect(gateways.filter((gateway) => existsSync(join(gateway.dataDir, 'first-key')))).toHaveLength(1)
    expect(gateways.filter((gateway) => gateway.output().includes('admin'))).toHaveLength(1)
  })

  it('make one signing key', async () => {
    expect(await database.query('select algorithm from signing_keys')).toEqual([{ algorithm: 'RS256' }])
  })

  it('take the tokens of one another', async () => {
    const maker = gateways.find((gateway) => existsSync(join(gateway.dataDir, 'first-key')))
    const apiKey = await maker!.firstKey()
    const tokens = await Promise.all(
      gateways.map((gateway) => call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })),
    )
    expect(tokens.map((answer) => answer.status)).toEqual(gateways.map(() => 200))
    const everyPair = gateways.flatMap((gateway) =>
      tokens.map(({ body }) => call('GET', `${gateway.url}/api/v1/me`, { token: body.data.access })),
    )
    const statuses = (await Promise.all(everyPair)).map((answer) => answer.status)
    expect(new Set(statuses)).toEqual(new Set([200]))
  })
})
