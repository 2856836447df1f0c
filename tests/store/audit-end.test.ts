import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, it } from 'vitest'
import { extendChain } from '../../src/core/audit/chain.ts'
import { type AuditEvent, auditEvent } from '../../src/core/audit/event.ts'
import { linkAuditEvents, pruneAuditEvents } from '../../src/core/audit/upkeep.ts'
import { verifyAuditChain } from '../../src/core/audit/verify-chain.ts'
import type { World } from '../../src/core/ports.ts'
import { createNodeWorld } from '../../src/runtime/node-world.ts'
import { migratePostgres, openPostgres } from '../../src/runtime/postgres.ts'
import { createVault } from '../../src/runtime/vault.ts'
import type { LinkEvents } from '../../src/store/audit-end.ts'
import { createStore } from '../../src/store/store.ts'
import { freshDatabase } from '../support/database.ts'
import { testSecret } from '../support/gateway-process.ts'
import { aSession, describeTheStore } from '../support/store-under-test.ts'

const vault = createVault([testSecret])
const link: LinkEvents = (chain, events) => extendChain(vault, chain, events)
const world = createNodeWorld({} as World['store'], [testSecret])
const anEvent = (changes: Partial<AuditEvent> = {}): AuditEvent => ({
  ...auditEvent(world, { kind: 'exchange', details: { token_id: 'a token' } }, undefined),
  ...changes,
})

describeTheStore((the) => {
  beforeEach(() => the.execute(sql`truncate audit_events, audit_chain`))

  const anInstance = (): World => ({ ...world, store: the.openInstance(link) })
  /** An instance that remembers the end of a chain of one row. */
  const aLinkingInstance = async () => {
    const instance = anInstance()
    await instance.store.insertAuditEvents([anEvent()])
    expect(await linkAuditEvents(instance, 9)).toBe(1)
    return instance
  }
  const seqs = async () => {
    const rows = await the.store.listAuditEvents({}, { limit: 500, before: undefined })
    return rows.map(({ seq }) => seq ?? 0).toSorted((a, b) => a - b)
  }
  const verify = () => verifyAuditChain({ ...world, store: the.store }, undefined)

  describe('the end of the chain', () => {
    it('is where rows are linked by their own insert, as soon as it is remembered', async () => {
      const { key } = await the.insertedKey()
      const { store } = await aLinkingInstance()
      await store.insertAuditEvents([anEvent(), anEvent()])
      const openings = [anEvent(), undefined, anEvent()]
      const opened = openings.map((event) => store.openSession(aSession(key), key.version, event))
      expect(await Promise.all(opened)).toEqual([true, true, true])
      expect(await seqs()).toEqual([1, 2, 3, 4, 5])
      expect(await verify()).toMatchObject({ problem: undefined, checked: 5, lastSeq: 5 })
    })

    it('stays where it was when one of a batch is not admitted, and the others are linked later', async () => {
      const { key } = await the.insertedKey()
      const instance = await aLinkingInstance()
      // Four, since a batch may be the half of those who are under way.
      const opened = [key.version, key.version + 1, key.version + 1, key.version].map((version) =>
        instance.store.openSession(aSession(key), version, anEvent()),
      )
      expect(await Promise.all(opened)).toEqual([true, false, false, true])
      expect(await seqs()).toEqual([0, 0, 1])
      expect(await verify()).toMatchObject({ problem: undefined, checked: 1 })
      await instance.store.insertAuditEvents([anEvent()])
      expect(await seqs()).toEqual([0, 0, 1, 2])
      expect(await linkAuditEvents(instance, 9)).toBe(2)
      expect(await verify()).toMatchObject({ problem: undefined, checked: 4 })
    })

    it('stays where it was when the batch fails', async () => {
      const { store } = await aLinkingInstance()
      await expect(store.insertAuditEvents([anEvent(), anEvent({ address: 'a\0b' })])).rejects.toThrow()
      await store.insertAuditEvents([anEvent()])
      expect(await seqs()).toEqual([1, 2])
      expect(await verify()).toMatchObject({ problem: undefined, checked: 2 })
    })

    it('is given up when another instance has moved it, and found again by the next linking', async () => {
      const first = await aLinkingInstance()
      const second = anInstance()
      expect(await linkAuditEvents(second, 9)).toBe(0)
      await second.store.insertAuditEvents([anEvent()])
      await first.store.insertAuditEvents([anEvent()])
      expect(await seqs()).toEqual([0, 1, 2])
      expect(await linkAuditEvents(first, 9)).toBe(1)
      await first.store.insertAuditEvents([anEvent()])
      expect(await seqs()).toEqual([1, 2, 3, 4])
      expect(await verify()).toMatchObject({ problem: undefined, checked: 4 })
    })

    it('is remembered across the pruning of the beginning', async () => {
      const instance = await aLinkingInstance()
      const later = { ...instance, now: () => new Date(Date.now() + 2 * 86_400_000) }
      expect(await pruneAuditEvents(later, { retentionDays: 1, batchesMax: 1 })).toBe(1)
      await instance.store.insertAuditEvents([anEvent()])
      expect(await seqs()).toEqual([2])
      expect(await verify()).toMatchObject({ problem: undefined, checked: 1, firstSeq: 2 })
    })

    it.each([
      sql`first_seq = 0`,
      sql`hash_before_first = 'x'`,
      sql`last_seq = 9`,
      sql`last_hash = 'x'`,
      sql`seal = 'x'`,
    ])('is not put right again by an insert after somebody changed it (%#)', async (change) => {
      const { store } = await aLinkingInstance()
      await the.execute(sql`update audit_chain set ${change}`)
      await store.insertAuditEvents([anEvent()])
      expect((await verify()).problem?.what).toMatch(/^(ends|secret)$/)
      expect(await seqs()).toEqual([0, 1])
    })

    it.each([
      ['userAgent', { userAgent: 'half a pair: \ud83d' }, 0],
      ['reason', { reason: '😀 "quoted" \\ {null} \u0085' }, 2],
      ['at', { at: new Date('2038-01-19T03:14:08.100Z') }, 2],
      [
        'details',
        { details: { b: undefined, a: [1e21, -0, 0.1, null, undefined, { z: '\u2028', y: {} }] } },
        2,
      ],
    ])('takes the hash of a row over what is kept of its %s', async (_, changes, seq) => {
      const instance = await aLinkingInstance()
      await instance.store.insertAuditEvents([anEvent(changes)])
      expect((await seqs()).includes(seq)).toBe(true)
      await linkAuditEvents(instance, 9)
      expect(await verify()).toMatchObject({ problem: undefined, checked: 2 })
    })

    it('is one for instances that insert, link and prune at once', async () => {
      const instances = Array.from({ length: 4 }, anInstance)
      await Promise.all(
        instances.map(async (instance) => {
          for (let round = 0; round < 40; round++) {
            await Promise.all([
              instance.store.insertAuditEvents([anEvent(), anEvent()]),
              instance.store.insertAuditEvents([anEvent()]),
              round % 4 === 0 && linkAuditEvents(instance, 1),
              round % 9 === 0 && pruneAuditEvents(instance, { retentionDays: 1, batchesMax: 1 }),
            ])
          }
        }),
      )
      for (const instance of instances) await linkAuditEvents(instance, 9)
      expect(await verify()).toMatchObject({ problem: undefined, checked: 480, lastSeq: 480 })
    })
  })
})

describe('the end of the chain on several connections', () => {
  it('is not waited for while somebody holds it', async () => {
    const database = await freshDatabase()
    const settings = { url: database.url, poolMax: 4, connectTimeoutMs: 5000, queryTimeoutMs: 2000 }
    await migratePostgres(settings)
    const { db, hotPath, close } = openPostgres(settings, () => {})
    const instance = { ...world, store: createStore(db, hotPath, link) }
    await instance.store.insertAuditEvents([anEvent()])
    await linkAuditEvents(instance, 1)
    await db.transaction(async (holder) => {
      await holder.execute(sql`select from audit_chain for update`)
      await instance.store.insertAuditEvents([anEvent()])
    })
    expect(await linkAuditEvents(instance, 1)).toBe(1)
    expect(await verifyAuditChain(instance, undefined)).toMatchObject({ problem: undefined, checked: 2 })
    await close()
    await database.drop()
  })
})
