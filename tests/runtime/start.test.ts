import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { freePort } from '../support/free-port.ts'
import {
  type GatewayProcess,
  runGatewayToItsEnd,
  startGatewayProcess,
  testSecret,
} from '../support/gateway-process.ts'

let database: TestDatabase
let folder: string
let env: { readonly DATABASE_URL: string; readonly GUICHET_SECRET: string }

beforeAll(async () => {
  database = await freshDatabase()
  folder = await mkdtemp(join(tmpdir(), 'guichet-test-start-'))
  env = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret }
})

afterAll(async () => {
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
})

/** Starts on the database of this file, uses the gateway, and stops it. */
async function withGateway<T>(
  changes: Readonly<Record<string, string>>,
  use: (gateway: GatewayProcess) => Promise<T>,
): Promise<T> {
  const gateway = await startGatewayProcess({ ...env, ...changes }, { dataDir: folder })
  try {
    return await use(gateway)
  } finally {
    await gateway.stop()
  }
}

const exchange = (gateway: GatewayProcess, apiKey: string, base = '') =>
  call('POST', `${gateway.url}${base}/api/v1/auth/token/`, { json: { apiKey } })

async function refusal(env: Readonly<Record<string, string>>, dataDir = folder): Promise<string> {
  const { code, output } = await runGatewayToItsEnd(env, { dataDir })
  expect(code).toBe(1)
  return output
}

/** One line in words, for the operator. */
const aClearLine = (words: string) => new RegExp(`^guichet: [^{}\n]*${words}[^{}\n]*\n$`)

describe('a start with settings that cannot be used', () => {
  it('names them all at once and none of their values', async () => {
    const output = await refusal({
      PORT: 'canary-port',
      SIGNING_ALG: 'canary-alg',
      PUBLIC_URL: 'canary-url',
      KEY_PREFIX: 'Canary-prefix',
      GUICHET_SECRET: 'canary-secret',
      LOG_LEVEL: 'canary-level',
      DATABASE_URL: 'canary-database',
    })
    expect(output.split('\n')).toHaveLength(10)
    for (const name of ['PORT', 'SIGNING_ALG', 'PUBLIC_URL', 'KEY_PREFIX', 'GUICHET_SECRET', 'LOG_LEVEL']) {
      expect(output).toMatch(new RegExp(`^ {2}${name} must `, 'm'))
    }
    expect(output.toLowerCase()).not.toContain('canary')
  })

  it('asks for GUICHET_SECRET beside DATABASE_URL', async () => {
    const output = await refusal({ DATABASE_URL: database.url })
    expect(output).toMatch(/^ {2}GUICHET_SECRET is required with DATABASE_URL/m)
    expect(output).not.toContain(database.url)
  })
})

describe('a start that the world is in the way of', () => {
  it('says in one line that the port is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as { port: number }
    const output = await refusal({ ...env, PORT: String(port) })
    holder.close()
    expect(output).toMatch(aClearLine(`127.0.0.1:${port}: something else is listening there`))
  })

  it('says in one line that the database cannot be reached, without its password', async () => {
    const output = await refusal({
      ...env,
      DATABASE_URL: `postgres://canary-user:canary-password@127.0.0.1:${await freePort()}/guichet`,
    })
    expect(output).toMatch(aClearLine('database is unavailable'))
    expect(output).not.toContain('canary')
  })

  it('says in one line that there is no such database', async () => {
    const elsewhere = Object.assign(new URL(database.url), { pathname: '/no_such_database' }).href
    expect(await refusal({ ...env, DATABASE_URL: elsewhere })).toMatch(aClearLine('database'))
  })

  it('says in one line that its data folder cannot be made', async () => {
    const inTheWay = join(folder, 'a-file')
    await writeFile(inTheWay, '')
    expect(await refusal({}, join(inTheWay, 'data'))).toMatch(aClearLine('a-file'))
  })
})

describe('a start with other settings than before', { timeout: 40_000 }, () => {
  it('keeps earlier keys and tokens good when KEY_PREFIX changes', async () => {
    const first = await withGateway({}, async (gateway) => {
      const key = await gateway.firstKey()
      const { body } = await exchange(gateway, key)
      return { key, access: body.data.access, refresh: body.data.refresh }
    })
    await withGateway({ KEY_PREFIX: 'acme_live' }, async (gateway) => {
      expect((await exchange(gateway, first.key)).status).toBe(200)
      const me = await call('GET', `${gateway.url}/api/v1/me`, { token: first.access })
      const refreshed = await call('POST', `${gateway.url}/api/v1/auth/token/refresh/`, {
        json: { refresh: first.refresh },
      })
      expect([me.status, refreshed.status]).toEqual([200, 200])
      const issued = await call('POST', `${gateway.url}/api/v1/clients/${me.body.data.client_id}/keys`, {
        token: first.access,
        json: { name: 'with the new prefix' },
      })
      expect(issued.body.data.api_key).toMatch(/^acme_live_/)
      expect((await exchange(gateway, issued.body.data.api_key)).status).toBe(200)
    })
  })

  it('moves the faces below BASE_PATH and leaves health and the key set where they are', async () => {
    await withGateway({ BASE_PATH: '/gate/way' }, async (gateway) => {
      const key = await gateway.firstKey()
      const { status, body } = await exchange(gateway, key, '/gate/way')
      expect(status).toBe(200)
      expect((await exchange(gateway, key)).status).toBe(401)
      const paths = ['/gate/way/api/v1/me', '/gate/way/docs', '/health/ready', '/.well-known/jwks.json']
      const answers = await Promise.all(
        paths.map((path) => call('GET', gateway.url + path, { token: body.data.access })),
      )
      expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200])
      expect(gateway.output()).toContain(`${gateway.url}/gate/way/docs`)
    })
  })
})
