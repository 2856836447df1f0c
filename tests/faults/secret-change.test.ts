import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { runGatewayToItsEnd, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'
import { measured, tellMs } from './support/measured.ts'

const newSecret = 'a new secret of more than thirty-two characters'

let database: TestDatabase
let guichet: GuichetCommand
let dataDir: string

beforeAll(async () => {
  database = await migratedDatabase()
  guichet = await guichetCommand()
  dataDir = join(guichet.folder, 'data')
})

afterAll(async () => {
  await database?.drop()
  await guichet?.remove()
})

const env = (secret: string) => ({ DATABASE_URL: database.url, GUICHET_SECRET: secret })

const secretIds = async (table: string, column: string) =>
  (await database.query(`select split_part(${column}, '.', 1) id from ${table}`)).map(({ id }) => id)

async function findingOf(check: string, secret: string) {
  const { json } = await guichet.run('doctor', { ...env(secret), DATA_DIR: dataDir })
  return json.checks.find((one: { check: string }) => one.check === check)
}

describe('a new secret in front of the old one', { timeout: 60_000 }, () => {
  it('takes over signing keys at the start and API keys as they are exchanged, until the old one can go', async () => {
    const before = await startGatewayProcess(env(testSecret), { dataDir })
    const apiKey = await before.firstKey()
    const exchanged = (url: string) => call('POST', `${url}/api/v1/auth/token/`, { json: { apiKey } })
    const old = (await exchanged(before.url)).body.data
    await before.stop()
    const [oldId] = await secretIds('signing_keys', 'sealed_private_jwk')

    const both = `${newSecret},${testSecret}`
    expect((await findingOf('secret', both)).finding).toContain('It opens all')
    expect(await findingOf('secret', both)).toMatchObject({ status: 'warn' })
    const during = await startGatewayProcess(env(both), { dataDir })
    const [newId] = await secretIds('signing_keys', 'sealed_private_jwk')
    expect(newId).not.toBe(oldId)
    expect(await findingOf('secret', both)).toMatchObject({ status: 'ok' })
    expect(await secretIds('api_keys', 'digest')).toEqual([oldId])
    expect((await findingOf('api keys', both)).finding).toContain('1 under an older secret')

    const asked = await call('GET', `${during.url}/api/v1/me`, { token: old.access })
    const renewed = await call('POST', `${during.url}/api/v1/auth/token/refresh/`, {
      json: { refresh: old.refresh },
    })
    expect([asked.status, renewed.status]).toEqual([200, 200])
    const versions = await database.query('select version from api_keys')
    const answers = await Promise.all(Array.from({ length: 5 }, () => exchanged(during.url)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(await secretIds('api_keys', 'digest')).toEqual([newId])
    expect(await database.query('select version from api_keys')).toEqual(versions)
    expect((await exchanged(during.url)).status).toBe(200)
    expect(await findingOf('api keys', both)).toMatchObject({ status: 'ok' })
    await during.stop()

    const after = await startGatewayProcess(env(newSecret), { dataDir })
    const statuses = [
      (await exchanged(after.url)).status,
      (await call('GET', `${after.url}/api/v1/me`, { token: old.access })).status,
      // Made under the old secret: it goes with it, and its client exchanges its key again.
      (await call('POST', `${after.url}/api/v1/auth/token/refresh/`, { json: { refresh: old.refresh } }))
        .status,
    ]
    expect(statuses).toEqual([200, 200, 401])
    await after.stop()
  })
})

describe('a start with a secret that opens nothing', { timeout: 60_000 }, () => {
  it('ends in one line and makes nothing over what is there', async () => {
    const own = await migratedDatabase()
    const before = await startGatewayProcess({ DATABASE_URL: own.url, GUICHET_SECRET: testSecret })
    await before.remove()
    const rows = () =>
      own.query(
        'select (select json_agg(s) from signing_keys s) as signers, (select json_agg(k) from api_keys k) as keys',
      )
    const kept = await rows()
    const startedAt = performance.now()
    const { code, output } = await runGatewayToItsEnd({ DATABASE_URL: own.url, GUICHET_SECRET: newSecret })
    const tookMs = performance.now() - startedAt
    expect(code).toBe(1)
    expect(output).toMatch(/^guichet: [^{}\n]*GUICHET_SECRET[^{}\n]*\n$/)
    expect(await rows()).toEqual(kept)
    await own.drop()
    measured(
      'F28',
      `a wrong secret: one line and exit code 1 after ${tellMs(tookMs)}, signing keys and API keys unchanged`,
    )
  })
})
