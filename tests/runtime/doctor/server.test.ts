import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { checkFeed } from '../../../src/runtime/cli/checks/feed-check.ts'
import { checkServer, judgeConnections, judgeServer } from '../../../src/runtime/cli/checks/server-checks.ts'
import { openPostgres } from '../../../src/runtime/postgres.ts'
import { type DatabaseServer, readDatabaseConnections } from '../../../src/store/diagnosis.ts'
import { freshDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let other: TestDatabase

beforeAll(async () => {
  database = await freshDatabase()
  other = await freshDatabase()
})

afterAll(() => Promise.all([database.drop(), other.drop()]))

const settings = (changes: { readonly url?: string; readonly directUrl?: string } = {}) => ({
  url: database.url,
  poolMax: 10,
  connectTimeoutMs: 5000,
  queryTimeoutMs: 5000,
  ...changes,
})

describe('the check of the feed', () => {
  it('hears what is said on the other connection, with a direct one or without', async () => {
    const alone = await checkFeed(settings())
    const beside = await checkFeed(settings({ directUrl: database.url }))
    expect([alone.status, beside.status]).toEqual(['ok', 'ok'])
    expect(alone.finding).toMatch(/^An announcement arrives within \d+ ms\.$/)
  })

  it('warns where the direct connection leads to another database, which hears nothing', async () => {
    const deaf = await checkFeed(settings({ directUrl: other.url }))
    expect(deaf).toMatchObject({ status: 'warn', finding: expect.stringContaining('within 2 s') })
    expect(deaf.remedy).toMatch(/^DATABASE_DIRECT_URL .*pgbouncer/)
  })

  it('fails where there is no direct connection to be had, and says no password', async () => {
    const check = await checkFeed(settings({ directUrl: 'postgres://me:hush@127.0.0.1:1/none' }))
    expect(check).toMatchObject({ status: 'fail', remedy: expect.stringContaining('DATABASE_DIRECT_URL') })
    expect(JSON.stringify(check)).not.toContain('hush')
  })
})

describe('the check of a server', () => {
  const sound: DatabaseServer = {
    versionNumber: 180_004,
    isReadOnly: false,
    fsync: true,
    fullPageWrites: true,
    synchronousCommit: true,
    databaseBytes: 1024,
  }

  it('is content with one that keeps what it acknowledges, of a version that gets fixes', () => {
    expect(judgeServer(sound)).toMatchObject({
      status: 'ok',
      finding: 'PostgreSQL 18.4 keeps what it acknowledges.',
    })
    expect(judgeServer({ ...sound, versionNumber: 150_000 }).status).toBe('ok')
    expect(judgeServer({ ...sound, versionNumber: 140_019 }).status).toBe('warn')
  })

  it.each(['fsync', 'fullPageWrites', 'synchronousCommit'] as const)('warns where %s is off', (setting) => {
    expect(judgeServer({ ...sound, [setting]: false }).status).toBe('warn')
  })

  describe('as it is', () => {
    // From another one: nothing can be written where the test has forbidden it.
    const set = (what: string) => other.query(`alter database ${name()} ${what}`)
    afterEach(() => set('reset all'))

    const name = () => new URL(database.url).pathname.slice(1)
    const checked = async () => {
      const opened = openPostgres(settings(), () => {})
      const checks = await checkServer(opened, settings())
      await opened.close()
      return Object.fromEntries(checks.map((check) => [check.check, check]))
    }

    it('says how large the database is, and has connections for one gateway more', async () => {
      const found = await checked()
      expect(found['connections']?.status).toBe('ok')
      expect(found['disk']?.finding).toMatch(/^The database has \d+\.\d MiB/)
    })

    it('asks nothing that an ordinary role may not know', async () => {
      const role = `ordinary_${crypto.randomUUID().replaceAll('-', '')}`
      await other.query(`create role ${role} login password 'hush'`)
      const { href: url } = Object.assign(new URL(database.url), { username: role, password: 'hush' })
      const opened = openPostgres(settings({ url }), () => {})
      const [postgresql, connections, disk] = await checkServer(opened, settings())
      await opened.close()
      await other.query(`drop role ${role}`)
      expect(postgresql?.finding).toMatch(/^PostgreSQL \d+\.\d+/)
      expect([connections?.status, disk?.status]).toEqual(['ok', 'ok'])
    })

    it('warns of commits that are acknowledged before they are written', async () => {
      await set('set synchronous_commit = off')
      const { postgresql } = await checked()
      expect(postgresql?.status).toBe('warn')
      expect(postgresql?.finding).toContain('synchronous_commit')
    })

    it('fails where nothing can be written', async () => {
      await set('set default_transaction_read_only = on')
      expect((await checked())['postgresql']).toMatchObject({ status: 'fail' })
    })
  })
})

describe('the check of connections', () => {
  it('counts the gateways that run by the connection on which they hear', async () => {
    const opened = openPostgres(settings(), () => {})
    const hearing = await opened.listen(
      () => {},
      () => {},
    )
    const connections = await readDatabaseConnections(opened.db)
    expect(connections.instances).toBe(1)
    expect(connections.usable).toBeGreaterThan(50)
    expect(connections.others).toBeLessThan(connections.usable)
    await hearing?.close()
    await opened.close()
  })

  it('warns as soon as the pools of all and of one more could ask for one too many', () => {
    const two = { usable: 97, others: 61, instances: 2 }
    expect(judgeConnections(two, settings())).toMatchObject({ status: 'ok' })
    const crowded = judgeConnections({ ...two, others: 62 }, settings())
    expect(crowded).toMatchObject({ status: 'warn', remedy: expect.stringContaining('DATABASE_POOL_MAX') })
    expect(crowded.finding).toBe(
      '2 gateways run; with one more they may need 36, and 35 of 97 are not used by others.',
    )
  })

  it('leaves the pools out where a pooler shares its own', () => {
    const few = { usable: 20, others: 14, instances: 2 }
    expect(judgeConnections(few, settings({ directUrl: database.url })).status).toBe('ok')
    expect(judgeConnections(few, settings()).status).toBe('warn')
  })
})
