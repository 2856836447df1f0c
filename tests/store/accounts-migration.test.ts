import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migratePostgres } from '../../src/runtime/postgres.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { migrateBefore } from '../support/migrate-before.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

describe('a database from before there were people', () => {
  let database: TestDatabase
  let gateway: TestGateway
  const settings = () => ({ url: database.url, poolMax: 2, connectTimeoutMs: 2000, queryTimeoutMs: 5000 })

  beforeAll(async () => {
    database = await freshDatabase()
    await migrateBefore(database, '0003_accounts')
    await database.query(`insert into clients (id, name, permissions, created_at)
      values ('9b2f6f0e-3a51-4f0e-9f3e-000000000001', 'billing', '{orders:read}', now())`)
    await database.query(`insert into api_keys (id, client_id, name, prefix, permissions, digest, created_at, version)
      values ('aaaaaaaaaaaa', '9b2f6f0e-3a51-4f0e-9f3e-000000000001', 'a key', 'gk', '{orders:read}', 'a.b', now(), 1)`)
    await database.query(`insert into sessions (id, client_id, key_id, refresh_digest, created_at, expires_at, last_used_at)
      values ('9b2f6f0e-3a51-4f0e-9f3e-000000000002', '9b2f6f0e-3a51-4f0e-9f3e-000000000001', 'aaaaaaaaaaaa', 'a.b',
        now(), '2126-01-01T00:00:00Z', now())`)
    await database.query(`insert into audit_events (id, at, kind, details)
      values ('9b2f6f0e-3a51-4f0e-9f3e-000000000003', '2025-01-01T00:00:00Z', 'exchange', '{}')`)
    await migratePostgres(settings())
    gateway = await createTestGateway({ database })
  })
  afterAll(async () => {
    await gateway.close()
    await database.drop()
  })

  it('keeps its keys, sessions and rows of the log', async () => {
    const { store } = gateway.world
    await store.probe()
    expect((await store.findKey('aaaaaaaaaaaa'))?.client).toMatchObject({
      name: 'billing',
      ownerId: undefined,
    })
    const found = await store.findSession('9b2f6f0e-3a51-4f0e-9f3e-000000000002')
    expect(found?.session).toMatchObject({ keyId: 'aaaaaaaaaaaa', refreshDigest: 'a.b' })
    const [event] = await store.listAuditEvents({ kind: 'exchange' }, { limit: 1, before: undefined })
    expect(event).toMatchObject({ id: '9b2f6f0e-3a51-4f0e-9f3e-000000000003', userId: undefined })
  })

  it('has the built-in roles, once however often it is migrated', async () => {
    await migratePostgres(settings())
    const roles = await database.query('select name, permissions, built_in from role order by name')
    expect(roles).toEqual([
      { name: 'admin', permissions: ['*'], built_in: true },
      { name: 'user', permissions: [], built_in: true },
    ])
  })
})

describe('a database from before people had profiles', () => {
  it('has one of each of them, but of those who were erased', async () => {
    const database = await freshDatabase()
    try {
      await migrateBefore(database, '0004_supabase')
      await database.query(`insert into users (id_user, email, name, role_id, created_at, erased_at)
        select id::uuid, email, name, (select id_role from role where name = 'user'), '2025-01-01T00:00:00Z', erased_at::timestamptz
        from (values ('9b2f6f0e-3a51-4f0e-9f3e-000000000001', 'ada@example.com', 'Ada', null),
          ('9b2f6f0e-3a51-4f0e-9f3e-000000000002', 'grace@example.com', null, null),
          ('9b2f6f0e-3a51-4f0e-9f3e-000000000003', 'erased:3', null, '2025-02-01T00:00:00Z')
        ) as people (id, email, name, erased_at)`)
      const settings = { url: database.url, poolMax: 2, connectTimeoutMs: 2000, queryTimeoutMs: 5000 }
      await migratePostgres(settings)
      const rows = await database.query('select name, role, created_at from profiles order by id')
      const createdAt = new Date('2025-01-01T00:00:00Z')
      expect(rows).toEqual([
        { name: 'Ada', role: 'user', created_at: createdAt },
        { name: null, role: 'user', created_at: createdAt },
      ])
    } finally {
      await database.drop()
    }
  })
})
