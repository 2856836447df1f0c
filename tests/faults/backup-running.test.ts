import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { call } from '../support/call.ts'
import { freshDatabase, migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'
import { caller, exchange, expectLivedIn, liveIn } from '../support/lived-in.ts'

let guichet: GuichetCommand

beforeAll(async () => {
  guichet = await guichetCommand()
})
afterAll(() => guichet.remove())

/** All that a gateway has said yes to so far. */
interface Acknowledged {
  readonly refreshTokens: string[]
  readonly revokedKeys: string[]
}

/** Exchanges from three sides and makes and revokes keys from a fourth, until it is told to stop. */
function busyAt(url: string, { adminKey, apiKey }: { readonly adminKey: string; readonly apiKey: string }) {
  const acknowledged: Acknowledged = { refreshTokens: [], revokedKeys: [] }
  let stopped = false
  const exchanging = Array.from({ length: 3 }, async () => {
    while (!stopped) acknowledged.refreshTokens.push((await exchange(url, apiKey)).refresh)
  })
  const revoking = (async () => {
    const get = caller(url)
    while (!stopped) {
      const { access: token } = await exchange(url, adminKey)
      const client = await get('POST', '/clients', { token, json: { name: crypto.randomUUID() } })
      const key = await get('POST', `/clients/${client.id}/keys`, { token, json: { name: 'short' } })
      await get('POST', `/keys/${key.id}/revoke`, { token })
      acknowledged.revokedKeys.push(key.api_key)
    }
  })()
  const all = Promise.all([...exchanging, revoking])
  // Told by `stop`, and not before somebody looks.
  all.catch(() => {})
  return {
    acknowledged,
    /** Rejects when any call did not succeed. */
    async stop() {
      stopped = true
      await all
    },
  }
}

async function expectAllOf(url: string, { refreshTokens, revokedKeys }: Acknowledged): Promise<void> {
  for (const refresh of refreshTokens) {
    expect((await call('POST', `${url}/api/v1/auth/token/refresh/`, { json: { refresh } })).status).toBe(200)
  }
  for (const apiKey of revokedKeys) {
    const { body } = await call('POST', `${url}/api/v1/auth/token/`, { json: { apiKey } })
    expect(body.error?.code).toBe('api_key_revoked')
  }
}

/** Deeds of which only a part is there: each writes two rows in one transaction. */
async function halves(target: TestDatabase): Promise<Readonly<Record<string, unknown>>> {
  const [row] = await target.query(`select
    (select count(*)::int from sessions s where not exists
      (select 1 from audit_events a where a.session_id = s.id::text)) as "sessions without a deed",
    (select count(*)::int from audit_events a where a.kind = 'exchange' and not exists
      (select 1 from sessions s where s.id::text = a.session_id)) as "deeds without a session",
    (select count(*)::int from api_keys k where k.revoked_at is not null and not exists
      (select 1 from revocations r where r.kind = 'key' and r.subject = k.id)) as "keys without their revocation"`)
  return row!
}

const none = {
  'sessions without a deed': 0,
  'deeds without a session': 0,
  'keys without their revocation': 0,
}

describe.each(['PGlite', 'PostgreSQL'])('a gateway on %s that is backed up while it is busy', (kind) => {
  it('serves every call, and all that it had said yes to before is in the backup, and nothing by half', {
    timeout: 180_000,
  }, async () => {
    const database = kind === 'PGlite' ? undefined : await migratedDatabase()
    const env: Record<string, string> = {
      GUICHET_SECRET: testSecret,
      ...(database !== undefined && { DATABASE_URL: database.url }),
    }
    const gateway = await startGatewayProcess(env)
    const lived = await liveIn(gateway.url, await gateway.firstKey())
    const busy = busyAt(gateway.url, { adminKey: lived.adminKey, apiKey: lived.liveKey })
    await vi.waitUntil(() => busy.acknowledged.revokedKeys.length >= 3, { timeout: 60_000, interval: 5 })

    const file = join(guichet.folder, `${kind}.backup`)
    const before = { ...structuredClone(busy.acknowledged) }
    const backup = await guichet.run(`backup ${file}`, { ...env, DATA_DIR: gateway.dataDir })
    expect(backup).toMatchObject({ code: 0, stderr: '' })
    const { refreshTokens } = busy.acknowledged
    const during = refreshTokens.length - before.refreshTokens.length
    await vi.waitUntil(() => refreshTokens.length > before.refreshTokens.length + during + 10, {
      timeout: 60_000,
    })
    await busy.stop()
    expect(during).toBeGreaterThan(10)
    if (kind === 'PGlite') {
      await expect.poll(() => readdir(join(gateway.dataDir, 'copies'))).toEqual(['socket'])
    }
    expect(await gateway.stop()).toBe(0)
    await gateway.remove()

    const target = await freshDatabase()
    const onPostgres = { DATABASE_URL: target.url, GUICHET_SECRET: testSecret }
    const onPglite = { DATA_DIR: join(guichet.folder, `restored-${kind}`), GUICHET_SECRET: testSecret }
    for (const restored of [onPostgres, onPglite]) {
      expect(await guichet.run(`restore ${file}`, restored)).toMatchObject({ code: 0, stderr: '' })
    }
    expect(await halves(target)).toEqual(none)
    for (const [restored, options] of [
      [onPostgres, {}],
      [onPglite, { dataDir: onPglite.DATA_DIR }],
    ] as const) {
      const survivor = await startGatewayProcess(restored, options)
      await expectLivedIn(survivor.url, lived)
      await expectAllOf(survivor.url, before)
      const verified = await guichet.run('audit verify', {
        GUICHET_URL: survivor.url,
        GUICHET_API_KEY: lived.adminKey,
      })
      expect(verified).toMatchObject({ code: 0, stderr: '' })
      await survivor.remove()
    }
    await target.drop()
    await database?.drop()
  })
})

describe('a gateway on PGlite that lends copies', () => {
  let gateway: GatewayProcess
  const copies = () => readdir(join(gateway.dataDir, 'copies'))

  /** Connects as `guichet backup` does, and waits for the answer. */
  async function borrow() {
    const socket = connect(join(gateway.dataDir, 'copies/socket'))
    const text = await new Promise<string>((done) => socket.once('data', (chunk) => done(String(chunk))))
    return { socket, answer: JSON.parse(text) }
  }

  beforeAll(async () => {
    gateway = await startGatewayProcess()
  })
  afterAll(() => gateway.remove())

  it('lends one at a time, takes it back when the borrower is gone, and says so to others', async () => {
    const first = await borrow()
    expect(await copies()).toContain(first.answer.copy)
    const second = await guichet.run(`backup ${join(guichet.folder, 'second')}`, {
      DATA_DIR: gateway.dataDir,
    })
    expect(second).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Another backup') })
    first.socket.destroy()
    await expect.poll(copies).toEqual(['socket'])
    expect(
      (await guichet.run(`backup ${join(guichet.folder, 'third')}`, { DATA_DIR: gateway.dataDir })).code,
    ).toBe(0)
  })

  it('takes it back when it stops, and leaves nothing', async () => {
    const { socket } = await borrow()
    const closed = new Promise((done) => socket.once('close', done))
    expect(await gateway.stop()).toBe(0)
    await closed
    expect((await readdir(gateway.dataDir)).sort()).toEqual(['first-key', 'lock.db', 'pg', 'secret'])
  })
})
