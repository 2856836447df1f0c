import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SQL, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, inject } from 'vitest'
import type { Client } from '../../src/core/clients/client.ts'
import type { ApiKey } from '../../src/core/keys/api-key.ts'
import type { Store } from '../../src/core/ports.ts'
import type { KeySession } from '../../src/core/tokens/session.ts'
import type { SigningKeyRecord } from '../../src/core/tokens/signing-key-state.ts'
import { openEmbedded } from '../../src/runtime/embedded.ts'
import { type OpenDatabase, openPostgres } from '../../src/runtime/postgres.ts'
import type { LinkEvents } from '../../src/store/audit-end.ts'
import { createStore } from '../../src/store/store.ts'
import { migratedDatabase } from './database.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** Another instance on the same database, which links audit events as it inserts them. */
  readonly openInstance: (link: LinkEvents) => Store
  readonly execute: (statement: SQL) => Promise<unknown>
  /** Opens a further, empty database of the same kind. */
  readonly openAnother: () => Promise<OpenedDatabase>
  readonly insertedClient: (changes?: Partial<Client>) => Promise<Client>
  readonly insertedKey: (
    changes?: Partial<ApiKey>,
  ) => Promise<{ readonly client: Client; readonly key: ApiKey }>
}

interface OpenedDatabase extends OpenDatabase {
  readonly remove: () => Promise<void>
}

const databases: Readonly<Record<string, () => Promise<OpenedDatabase>>> = {
  async PostgreSQL() {
    const database = await migratedDatabase()
    const settings = { url: database.url, poolMax: 10, connectTimeoutMs: 5000, queryTimeoutMs: 5000 }
    return { ...openPostgres(settings, () => {}), remove: database.drop }
  },
  async PGlite() {
    const folder = await mkdtemp(join(tmpdir(), 'guichet-test-store-'))
    await cp(inject('embeddedTemplate'), folder, { recursive: true })
    return { ...(await openEmbedded(folder)), remove: () => rm(folder, { recursive: true }) }
  },
}

/** Describes the store once on each database that the gateway can live on; it is empty before each test. */
export function describeTheStore(suite: (the: StoreUnderTest) => void): void {
  describe.each(Object.entries(databases))('the store on %s', (_, openAnother) => {
    let opened: OpenedDatabase
    let store: Store

    beforeAll(async () => {
      opened = await openAnother()
      store = createStore(opened.db, opened.hotPath)
    })

    beforeEach(async () => {
      await opened.db.execute(sql`truncate clients, api_keys, sessions, signing_keys`)
    })

    afterAll(async () => {
      await opened?.close()
      await opened?.remove()
    })

    const insertedClient = async (changes: Partial<Client> = {}) => {
      const client = aClient(changes)
      expect(await store.insertClient(client)).toBe(true)
      return client
    }

    suite({
      get store() {
        return store
      },
      openInstance: (link) => createStore(opened.db, opened.hotPath, link),
      execute: (statement) => opened.db.execute(statement),
      openAnother,
      insertedClient,
      async insertedKey(changes = {}) {
        const client = await insertedClient()
        const key = aKey(client, changes)
        await store.insertKey(key, undefined)
        return { client, key }
      },
    })
  })
}

/** A moment with milliseconds, `seconds` after the first one. */
export const at = (seconds: number) => new Date(Date.parse('2026-01-01T00:00:00.123Z') + seconds * 1000)

/** Twenty who ask at the same time. */
export const aCrowd = <T>(ask: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)))

export const aClient = (changes: Partial<Client> = {}): Client => ({
  id: crypto.randomUUID(),
  name: `client ${crypto.randomUUID()}`,
  permissions: ['orders:read', 'orders:*'],
  createdAt: at(0),
  disabledAt: undefined,
  notBefore: undefined,
  ownerId: undefined,
  ...changes,
})

export const aKey = (client: Client, changes: Partial<ApiKey> = {}): ApiKey => ({
  id: crypto.randomUUID().replaceAll('-', '').slice(0, 12),
  clientId: client.id,
  name: 'a key',
  prefix: 'gk',
  permissions: ['orders:read'],
  digest: 'aaaaaaaa.digest',
  createdAt: at(0),
  expiresAt: at(3600),
  disabledAt: undefined,
  revokedAt: undefined,
  revokedReason: undefined,
  successorId: undefined,
  rotatedAt: undefined,
  retiresAt: undefined,
  allowedCidrs: [],
  rateLimit: undefined,
  quota: undefined,
  metadata: {},
  canary: false,
  version: 1,
  ...changes,
})

export const aSession = (key: ApiKey, changes: Partial<KeySession> = {}): KeySession => ({
  id: crypto.randomUUID(),
  clientId: key.clientId,
  keyId: key.id,
  refreshDigest: 'aaaaaaaa.refresh',
  previousRefreshDigest: undefined,
  rotates: false,
  permissions: undefined,
  audiences: undefined,
  accessTtlSeconds: undefined,
  createdAt: at(1),
  expiresAt: at(604_800),
  lastUsedAt: at(1),
  revokedAt: undefined,
  ...changes,
})

export const aSigningKey = (changes: Partial<SigningKeyRecord> = {}): SigningKeyRecord => ({
  kid: crypto.randomUUID(),
  algorithm: 'ES256',
  publicJwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
  sealedPrivateJwk: 'aaaaaaaa.sealed',
  origin: 'made',
  createdAt: at(0),
  activeFrom: at(0),
  retiresAt: undefined,
  goneAt: undefined,
  ...changes,
})
