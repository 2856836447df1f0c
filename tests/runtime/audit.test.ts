import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'

const exchange = (gateway: GatewayProcess, apiKey: string, requestId?: string) =>
  call('POST', `${gateway.url}/api/v1/auth/token/`, {
    json: { apiKey },
    headers: requestId === undefined ? {} : { 'X-Request-Id': requestId },
  })

async function everyEvent(gateway: GatewayProcess, apiKey: string, query: string) {
  const token = (await exchange(gateway, apiKey)).body.data.access
  const items: { kind: string; request_id: string; count: number; reason: string }[] = []
  let cursor: string | null = null
  do {
    const next: string = cursor === null ? '' : `&cursor=${cursor}`
    const { body } = await call('GET', `${gateway.url}/api/v1/audit?limit=200&${query}${next}`, { token })
    items.push(...body.data.items)
    cursor = body.data.next_cursor
  } while (cursor !== null)
  return items
}

describe.each(['PGlite', 'PostgreSQL'])('the audit log of a gateway on %s', (kind) => {
  it('has every exchange that was acknowledged, whenever the process is killed', {
    timeout: 90_000,
  }, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'guichet-test-audit-'))
    const database = kind === 'PGlite' ? undefined : await migratedDatabase()
    const env: Record<string, string> =
      database === undefined ? {} : { DATABASE_URL: database.url, GUICHET_SECRET: testSecret }
    const acknowledged: string[] = []
    try {
      for (let round = 0; round < 2; round++) {
        const gateway = await startGatewayProcess(env, { dataDir })
        const apiKey = await gateway.firstKey()
        const before = acknowledged.length
        let alive = true
        const callers = Array.from({ length: 8 }, async () => {
          while (alive) {
            const requestId = crypto.randomUUID()
            const answer = await exchange(gateway, apiKey, requestId).catch(() => undefined)
            if (answer?.status === 200) acknowledged.push(requestId)
          }
        })
        await vi.waitUntil(() => acknowledged.length >= before + 50, { timeout: 20_000, interval: 1 })
        await gateway.stop('SIGKILL')
        alive = false
        await Promise.all(callers)
      }
      const survivor = await startGatewayProcess(env, { dataDir })
      const events = await everyEvent(survivor, await survivor.firstKey(), 'kind=exchange')
      const recorded = new Set(events.map((event) => event.request_id))
      expect(acknowledged.filter((requestId) => !recorded.has(requestId))).toEqual([])
      expect(await survivor.stop()).toBe(0)
    } finally {
      await database?.drop()
      await rm(dataDir, { recursive: true, force: true })
    }
  })
})

describe('the audit log of a running gateway', () => {
  let database: TestDatabase
  let gateway: GatewayProcess
  let guichet: GuichetCommand
  let apiKey: string

  beforeAll(async () => {
    database = await migratedDatabase()
    gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
    apiKey = await gateway.firstKey()
    guichet = await guichetCommand(() => ({ GUICHET_URL: gateway.url, GUICHET_API_KEY: apiKey }))
  })

  afterAll(async () => {
    await guichet.remove()
    await gateway.remove()
    await database.drop()
  })

  const linked = async (count: number) => {
    const rows = await database.query(`select count(*)::int as count from audit_events where seq is not null`)
    return Number(rows[0]?.['count']) >= count
  }

  it('is linked within seconds, listed newest first and found intact from the command line', async () => {
    await exchange(gateway, apiKey, 'the-one')
    await vi.waitUntil(() => linked(3), { timeout: 10_000, interval: 50 })
    const found = await guichet.run('audit list --request the-one')
    expect(found.json).toMatchObject([{ kind: 'exchange', request_id: 'the-one', address: '127.0.0.1' }])
    const all = (await guichet.run('audit list')).json as { kind: string; at: string }[]
    expect(all.map(({ at }) => at)).toEqual(
      all
        .map(({ at }) => at)
        .toSorted()
        .toReversed(),
    )
    expect(all.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['start.first', 'signing-key.create']))
    const verified = await guichet.run('audit verify')
    expect(verified).toMatchObject({ code: 0, json: { intact: true, complete: true, problem: null } })
    expect((await guichet.run('audit verify --table')).stdout).toMatch(/^Intact: \d+ events/)
  })

  it('shows whoever is refused in rows that do not grow with the refusals, also those of the last second', async () => {
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 25 }, () => exchange(gateway, 'no key at all')))
    }
    await gateway.stop()
    const rows = await database.query(`select reason, count from audit_events where kind = 'refusal'`)
    const counted = rows.reduce((sum, { count }) => sum + Number(count), 0)
    expect(counted).toBe(500)
    expect(rows.length).toBeLessThanOrEqual(4)
    gateway = await startGatewayProcess(
      { DATABASE_URL: database.url, GUICHET_SECRET: testSecret },
      {
        dataDir: gateway.dataDir,
      },
    )
  })

  it('tells an operator of the row that somebody changed, and ends with an exit code', async () => {
    await database.query(`update audit_events set address = '203.0.113.9' where seq = 2`)
    const verified = await guichet.run('audit verify --table')
    expect(verified).toMatchObject({ code: 1, stdout: '' })
    expect(verified.stderr).toMatch(/^guichet: Event 2 is not as it was written, [0-9a-f-]{36}\.$/m)
  })

  it('holds no credential in any column', async () => {
    const answer = await exchange(gateway, apiKey)
    const rows = JSON.stringify(await database.query('select * from audit_events'))
    for (const secret of [apiKey, answer.body.data.access, answer.body.data.refresh, testSecret]) {
      expect(rows).not.toContain(secret)
    }
  })
})
