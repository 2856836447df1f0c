import { mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { embeddedSecret } from '../../src/runtime/secret-file.ts'
import { call } from '../support/call.ts'
import { freshDatabase } from '../support/database.ts'
import { runGatewayToItsEnd, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

const wrongSecret = 'canary: another secret of thirty-two characters and more'
const oneClearLine = /^guichet: [^{}\n]+\n$/

interface Tokens {
  readonly access: string
  readonly refresh: string
}

async function withGateway<T>(
  env: Readonly<Record<string, string>>,
  dataDir: string,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const gateway = await startGatewayProcess(env, { dataDir })
  try {
    return await use(gateway.url)
  } finally {
    await gateway.stop()
  }
}

async function exchanged(url: string, dataDir: string): Promise<Tokens> {
  const apiKey = (await readFile(join(dataDir, 'first-key'), 'utf8')).trim()
  const { status, body } = await call('POST', `${url}/api/v1/auth/token/`, { json: { apiKey } })
  expect(status).toBe(200)
  return body.data
}

async function expectAllServed(url: string, dataDir: string, { access, refresh }: Tokens): Promise<void> {
  await exchanged(url, dataDir)
  const me = await call('GET', `${url}/api/v1/me`, { token: access })
  const renewed = await call('POST', `${url}/api/v1/auth/token/refresh/`, { json: { refresh } })
  const { body } = await call('GET', `${url}/.well-known/jwks.json`)
  expect([me.status, renewed.status, body.keys.length]).toEqual([200, 200, 1])
}

describe('GUICHET_SECRET on PostgreSQL', { timeout: 60_000 }, () => {
  it('stops the start when it is wrong, changes nothing, and serves again when it is right', async () => {
    const database = await freshDatabase()
    const dataDir = await mkdtemp(join(tmpdir(), 'guichet-test-secret-'))
    const env = (secret: string) => ({ DATABASE_URL: database.url, GUICHET_SECRET: secret })
    const rows = () =>
      Promise.all(
        ['signing_keys', 'clients', 'api_keys', 'sessions'].map((table) =>
          database.query(`select * from ${table}`),
        ),
      )
    try {
      const tokens = await withGateway(env(testSecret), dataDir, (url) => exchanged(url, dataDir))
      const before = await rows()
      for (const changes of [{}, { SIGNING_ALG: 'EdDSA' }]) {
        const { code, output } = await runGatewayToItsEnd({ ...env(wrongSecret), ...changes }, { dataDir })
        expect(code).toBe(1)
        expect(output).toMatch(oneClearLine)
        expect(output).toContain('GUICHET_SECRET')
        expect(output).not.toContain('canary')
        expect(await rows()).toEqual(before)
      }
      // The first seals again what the one before it sealed: both are needed on the way there and back.
      for (const secret of [testSecret, `${wrongSecret},${testSecret}`, `${testSecret},${wrongSecret}`]) {
        await withGateway(env(secret), dataDir, (url) => expectAllServed(url, dataDir, tokens))
      }
    } finally {
      await database.drop()
      await rm(dataDir, { recursive: true })
    }
  })
})

describe('an embedded database', { timeout: 60_000 }, () => {
  let dataDir: string
  let secret: string
  let tokens: Tokens

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'guichet-test-secret-'))
    tokens = await withGateway({}, dataDir, (url) => exchanged(url, dataDir))
    secret = await readFile(join(dataDir, 'secret'), 'utf8')
  })

  afterAll(() => rm(dataDir, { recursive: true, force: true }))

  it('is held by one process at a time: a second is refused while the first serves', async () => {
    await withGateway({}, dataDir, async (url) => {
      const { code, output } = await runGatewayToItsEnd({}, { dataDir })
      expect(code).toBe(1)
      expect(output).toMatch(oneClearLine)
      expect(output).toContain(dataDir)
      await expectAllServed(url, dataDir, tokens)
    })
  })

  it('stays closed when its secret is lost: no other is made, and no file changes', async () => {
    const before = await filesOf(dataDir)
    await unlink(join(dataDir, 'secret'))
    const { code, output } = await runGatewayToItsEnd({}, { dataDir })
    await writeFile(join(dataDir, 'secret'), secret, { mode: 0o600 })
    expect(code).toBe(1)
    expect(output).toMatch(oneClearLine)
    expect(output).toContain(join(dataDir, 'secret'))
    expect(await filesOf(dataDir)).toEqual(before)
  })

  it('stays closed to another secret, and opens everything when its own is back', async () => {
    await writeFile(join(dataDir, 'secret'), wrongSecret)
    const { code, output } = await runGatewayToItsEnd({}, { dataDir })
    expect(code).toBe(1)
    expect(output).toMatch(oneClearLine)
    expect(output).not.toContain('canary')
    expect(await readFile(join(dataDir, 'secret'), 'utf8')).toBe(wrongSecret)
    await writeFile(join(dataDir, 'secret'), secret)
    await withGateway({}, dataDir, (url) => expectAllServed(url, dataDir, tokens))
  })
})

describe('the making of the secret file', () => {
  it('gives two first starts at once the same secret', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guichet-test-secret-'))
    const made = await Promise.allSettled([embeddedSecret(folder), embeddedSecret(folder)])
    const kept = (await readFile(join(folder, 'secret'), 'utf8')).trim()
    await rm(folder, { recursive: true })
    // One of the two may be refused, but none may go on with a secret that is not kept.
    const used = made.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    expect(used.length).toBeGreaterThan(0)
    expect(new Set(used)).toEqual(new Set([kept]))
  })

  it.each(['', '\n', 'short\n'])('refuses a file that was cut off at %j', async (text) => {
    const folder = await mkdtemp(join(tmpdir(), 'guichet-test-secret-'))
    await writeFile(join(folder, 'secret'), text)
    await expect(embeddedSecret(folder)).rejects.toThrow(join(folder, 'secret'))
    await rm(folder, { recursive: true })
  })
})

/** The path and the digest of each file below a folder. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const described = files.map(async (file) => {
    const content = await readFile(file)
    return `${file} ${Buffer.from(await crypto.subtle.digest('SHA-256', content)).toString('hex')}`
  })
  return (await Promise.all(described)).toSorted()
}
