import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

interface Tokens {
  readonly access: string
  readonly refresh: string
}

describe('a gateway whose SIGNING_ALG changes from start to start', { timeout: 40_000 }, () => {
  let database: TestDatabase
  let apiKey: string
  const earlier: Tokens[] = []

  beforeAll(async () => {
    database = await migratedDatabase()
  })

  afterAll(() => database?.drop())

  const startedWith = (algorithm: string) =>
    startGatewayProcess({
      DATABASE_URL: database.url,
      GUICHET_SECRET: testSecret,
      SIGNING_ALG: algorithm,
      PUBLIC_URL: 'https://gateway.test',
    })

  async function keySet(gateway: GatewayProcess) {
    return (await call('GET', `${gateway.url}/.well-known/jwks.json`)).body
  }

  it.each([
    ['HS256', []],
    ['ES256', ['ES256']],
    ['EdDSA', ['ES256', 'EdDSA']],
    ['RS256', ['ES256', 'EdDSA', 'RS256']],
  ])(
    'signs with %s after the lead, publishes %j, and takes every earlier token',
    async (algorithm, published) => {
      // The start makes the key and publishes it; the next start is after the fifteen minutes.
      const first = await startedWith(algorithm)
      apiKey ??= await first.firstKey()
      await first.remove()
      await database.query(
        `update signing_keys set active_from = active_from - interval '20 minutes',
         retires_at = retires_at - interval '20 minutes', created_at = created_at - interval '20 minutes'`,
      )
      const gateway = await startedWith(algorithm)
      try {
        const { status, body } = await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })
        expect(status).toBe(200)
        expect(decodeProtectedHeader(body.data.access).alg).toBe(algorithm)

        const keys = await keySet(gateway)
        expect(keys.keys.map((key: { alg: string }) => key.alg)).toEqual(published)
        expect(keys.keys.flatMap(Object.keys)).not.toEqual(expect.arrayContaining(['d']))
        expect(keys.keys.flatMap(Object.keys)).not.toEqual(expect.arrayContaining(['k']))
        if (algorithm !== 'HS256') {
          const verified = await jwtVerify(body.data.access, createLocalJWKSet(keys), {
            issuer: 'https://gateway.test',
            audience: 'https://gateway.test',
            typ: 'at+jwt',
          })
          expect(verified.protectedHeader.alg).toBe(algorithm)
        }

        earlier.push(body.data)
        for (const { access, refresh } of earlier) {
          expect((await call('GET', `${gateway.url}/api/v1/me`, { token: access })).status).toBe(200)
          const renewed = await call('POST', `${gateway.url}/api/v1/auth/token/refresh/`, {
            json: { refresh },
          })
          expect(decodeProtectedHeader(renewed.body.data.access).alg).toBe(algorithm)
        }
      } finally {
        await gateway.remove()
      }
    },
  )

  it('made one key of each algorithm and none twice', async () => {
    const rows = await database.query('select algorithm from signing_keys order by algorithm')
    expect(rows.map((row) => row['algorithm'])).toEqual(['ES256', 'EdDSA', 'HS256', 'RS256'])
  })
})

describe('an instance that runs while another starts with a new signing key', { timeout: 40_000 }, () => {
  it('takes the tokens that the new key signs', async () => {
    const database = await migratedDatabase()
    const env = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret }
    const running = await startGatewayProcess(env)
    const newer = await startGatewayProcess({ ...env, SIGNING_ALG: 'EdDSA' })
    try {
      const apiKey = await running.firstKey()
      const newToken = async () =>
        (await call('POST', `${newer.url}/api/v1/auth/token/`, { json: { apiKey } })).body.data.access
      expect(decodeProtectedHeader(await newToken()).alg).toBe('ES256')
      // As after the fifteen minutes in which the new key is only published.
      await database.query("update signing_keys set active_from = now() where algorithm = 'EdDSA'")
      await database.query(`select pg_notify('guichet', '{"type":"signing-keys"}')`)
      await expect
        .poll(async () => decodeProtectedHeader(await newToken()).alg, { interval: 50 })
        .toBe('EdDSA')
      const asked = await call('GET', `${running.url}/api/v1/me`, { token: await newToken() })
      expect(asked.status).toBe(200)
    } finally {
      await newer.remove()
      await running.remove()
      await database.drop()
    }
  })
})
