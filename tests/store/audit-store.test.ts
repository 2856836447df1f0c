import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, it } from 'vitest'
import { type AuditEvent, type AuditKind, auditEvent } from '../../src/core/audit/event.ts'
import { createAuditTally, flushAuditTally } from '../../src/core/audit/tally.ts'
import { linkAuditEvents, pruneAuditEvents } from '../../src/core/audit/upkeep.ts'
import { verifyAuditChain } from '../../src/core/audit/verify-chain.ts'
import type { World } from '../../src/core/ports.ts'
import { createNodeWorld } from '../../src/runtime/node-world.ts'
import { testSecret } from '../support/gateway-process.ts'
import { aCrowd, at, describeTheStore } from '../support/store-under-test.ts'

const newSecret = 'another test secret of more than thirty-two characters'

describeTheStore((the) => {
  let nowMs = 0
  const worldUnder = (...secrets: readonly string[]): World => ({
    ...createNodeWorld(the.store, secrets),
    now: () => new Date(nowMs),
  })
  const pass = (seconds: number) => {
    nowMs += seconds * 1000
  }

  beforeEach(async () => {
    nowMs = at(0).getTime()
    await the.execute(sql`truncate audit_events, audit_chain`)
  })

  const anEvent = (target: string, kind: AuditKind = 'key.revoke'): AuditEvent => {
    pass(0.01)
    const caller = { address: '192.0.2.1', userAgent: 'curl/8', requestId: `request-${target}` }
    const who = { clientId: 'client', keyId: 'key', sessionId: 'session' }
    const draft = { kind, target, reason: 'a reason', details: { some: 'thing' }, ...who }
    return auditEvent(worldUnder(testSecret), draft, caller)
  }
  /** Ten rows, linked. */
  const aChain = async () => {
    const events = Array.from({ length: 10 }, (_, index) => anEvent(`target ${index + 1}`))
    await the.store.insertAuditEvents(events)
    expect(await linkAuditEvents(worldUnder(testSecret), 9)).toBe(10)
    return events
  }
  const verify = (...secrets: readonly string[]) =>
    verifyAuditChain(worldUnder(...(secrets.length > 0 ? secrets : [testSecret])), undefined)
  const newest = (limit = 50) => the.store.listAuditEvents({}, { limit, before: undefined })

  describe('the audit log', () => {
    it('comes back as it was written, newest first, in pages and by every filter', async () => {
      const events = await aChain()
      const seqs = new Map(events.map(({ id }, index) => [id, index + 1]))
      const expected = events.map((event) => ({ ...event, seq: seqs.get(event.id) })).toReversed()
      expect(await newest()).toEqual(expected)
      const first = await newest(4)
      const second = await the.store.listAuditEvents({}, { limit: 50, before: first.at(-1) })
      expect([...first, ...second]).toEqual(expected)
      const [chosen] = events.slice(4, 5) as [AuditEvent]
      const one = { limit: 50, before: undefined }
      expect(await the.store.listAuditEvents({ requestId: chosen.requestId }, one)).toHaveLength(1)
      expect(await the.store.listAuditEvents({ from: chosen.at }, one)).toHaveLength(6)
      expect(await the.store.listAuditEvents({ to: chosen.at }, one)).toHaveLength(4)
      for (const filter of [
        { kind: 'refresh' },
        { clientId: 'x' },
        { keyId: 'x' },
        { sessionId: 'x' },
      ] as const) {
        expect(await the.store.listAuditEvents(filter, one)).toEqual([])
      }
    })

    it('refuses a batch with a row that cannot be written, as a whole', async () => {
      const poisoned = { ...anEvent('poison'), address: 'a\0b' }
      await expect(the.store.insertAuditEvents([anEvent('good'), poisoned])).rejects.toThrow('SQLSTATE')
      expect(await newest()).toEqual([])
    })

    it('is one gapless chain when twenty instances link at once', async () => {
      for (let batch = 0; batch < 4; batch++) {
        await the.store.insertAuditEvents(
          Array.from({ length: 400 }, (_, index) => anEvent(`${batch} ${index}`)),
        )
      }
      let total = 0
      while (total < 1600) {
        const linked = await aCrowd(() => linkAuditEvents(worldUnder(testSecret), 2))
        total += linked.reduce<number>((sum, count) => sum + Number(count), 0)
      }
      expect(await verify()).toMatchObject({ problem: undefined, checked: 1600, firstSeq: 1, lastSeq: 1600 })
    })
  })

  describe('the verification', () => {
    it('finds nothing wrong with an empty log, nor with one that is as it was written', async () => {
      expect(await verify()).toMatchObject({ problem: undefined, checked: 0, complete: true })
      await aChain()
      expect(await verify()).toMatchObject({ problem: undefined, checked: 10, complete: true, lastSeq: 10 })
    })

    it.each([
      ['id', sql`'00000000-0000-4000-8000-000000000000'`],
      ['at', sql`at + interval '1 millisecond'`],
      ['kind', sql`'key.enable'`],
      ['client_id', sql`'clienu'`],
      ['key_id', sql`'kez'`],
      ['session_id', sql`null`],
      ['target', sql`'target 6'`],
      ['reason', sql`'b reason'`],
      ['address', sql`'192.0.2.2'`],
      ['user_agent', sql`'curl/9'`],
      ['request_id', sql`'request-x'`],
      ['count', sql`2`],
      ['details', sql`'{"some": "thinh"}'`],
      ['hash', sql`overlay(hash placing case substr(hash, 20, 1) when 'A' then 'B' else 'A' end from 20)`],
    ])('names the row whose %s was changed', async (column, value) => {
      await aChain()
      await the.execute(sql`update audit_events set ${sql.identifier(column)} = ${value} where seq = 5`)
      const { problem } = await verify()
      expect(problem).toMatchObject({ what: 'altered', seq: 5 })
    })

    it('names a row that was deleted, also in the middle of a batch of its neighbours', async () => {
      await aChain()
      await the.execute(sql`delete from audit_events where seq in (4, 5)`)
      expect((await verify()).problem).toMatchObject({ what: 'missing', seq: 4 })
    })

    it('names the first of two rows that were swapped', async () => {
      await aChain()
      await the.execute(sql`update audit_events set seq = seq + 100 where seq in (4, 7)`)
      await the.execute(
        sql`update audit_events set seq = case seq when 104 then 7 else 4 end where seq > 100`,
      )
      expect((await verify()).problem).toMatchObject({ what: 'reordered', seq: 4 })
    })

    it('names a head and a tail that were cut off, and ends that were moved to the cut', async () => {
      await aChain()
      await the.execute(sql`delete from audit_events where seq > 8`)
      expect((await verify()).problem).toMatchObject({ what: 'missing', seq: 9 })
      await the.execute(sql`update audit_chain set last_seq = 8,
        last_hash = (select hash from audit_events where seq = 8)`)
      expect((await verify()).problem).toMatchObject({ what: 'ends' })
      await the.execute(sql`truncate audit_events, audit_chain`)
      await aChain()
      await the.execute(sql`delete from audit_events where seq < 3`)
      expect((await verify()).problem).toMatchObject({ what: 'missing', seq: 1 })
      await the.execute(sql`delete from audit_chain`)
      expect((await verify()).problem).toMatchObject({ what: 'ends', seq: 3 })
    })

    it('is not silenced by what is linked or pruned afterwards', async () => {
      await aChain()
      await the.execute(sql`update audit_chain set last_seq = 9`)
      await the.store.insertAuditEvents([anEvent('later')])
      expect(await linkAuditEvents(worldUnder(testSecret), 9)).toBe('broken')
      pass(86_400)
      expect(await pruneAuditEvents(worldUnder(testSecret), { retentionDays: 1, batchesMax: 9 })).toBe(0)
      expect((await verify()).problem).toMatchObject({ what: 'ends' })
    })

    it('works under every secret of the list, and says so of a row whose secret is not in it', async () => {
      await aChain()
      await the.store.insertAuditEvents([anEvent('under the new secret')])
      expect(await linkAuditEvents(worldUnder(newSecret, testSecret), 9)).toBe(1)
      expect(await verify(newSecret, testSecret)).toMatchObject({ problem: undefined, checked: 11 })
      expect((await verify(newSecret)).problem).toMatchObject({ what: 'secret', seq: 1 })
    })

    it('goes on from where an earlier walk ended', async () => {
      await aChain()
      const world = worldUnder(testSecret)
      expect(await verifyAuditChain(world, 6)).toMatchObject({
        problem: undefined,
        checked: 4,
        complete: true,
      })
      await the.execute(sql`update audit_events set count = 9 where seq = 7`)
      expect((await verifyAuditChain(world, 6)).problem).toMatchObject({ what: 'altered', seq: 7 })
    })
  })

  describe('the retention', () => {
    it('takes the oldest rows and leaves a chain that is whole', async () => {
      const old = await aChain()
      pass(10 * 86_400)
      await aChain()
      const world = worldUnder(testSecret)
      expect(await pruneAuditEvents(world, { retentionDays: 0, batchesMax: 9 })).toBe(0)
      expect(await pruneAuditEvents(world, { retentionDays: 11, batchesMax: 9 })).toBe(0)
      expect(await pruneAuditEvents(world, { retentionDays: 9, batchesMax: 9 })).toBe(10)
      expect(await verify()).toMatchObject({ problem: undefined, checked: 10, firstSeq: 11, lastSeq: 20 })
      const left = new Set((await newest()).map(({ id }) => id))
      expect(old.filter(({ id }) => left.has(id))).toEqual([])
      pass(20 * 86_400)
      expect(await pruneAuditEvents(world, { retentionDays: 1, batchesMax: 9 })).toBe(10)
      expect(await verify()).toMatchObject({ problem: undefined, checked: 0, firstSeq: 21, lastSeq: 20 })
      await aChain()
      expect(await verify()).toMatchObject({ problem: undefined, checked: 10, firstSeq: 21, lastSeq: 30 })
    })
  })

  describe('the counted kinds', () => {
    const caller = (host: number) => ({
      address: `192.0.2.${host % 256}`,
      userAgent: undefined,
      requestId: `request-${host}`,
    })
    const refusal = { kind: 'refusal', reason: 'api_key_invalid' } as const

    it('make a handful of rows of 50,000 refusals, from two instances, none of them lost', async () => {
      const world = worldUnder(testSecret)
      const tallies = [createAuditTally(), createAuditTally()] as const
      for (let index = 0; index < 50_000; index++) {
        tallies[index % 2]?.note(refusal, caller(index), world.now())
        if (index % 5000 === 4999) await Promise.all(tallies.map((tally) => flushAuditTally(world, tally)))
        nowMs += 2
      }
      const rows = await newest()
      expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(50_000)
      expect(rows.length).toBeLessThanOrEqual(3)
      for (const { details } of rows) {
        expect((details['addresses'] as string[]).length).toBeLessThanOrEqual(5)
        expect((details['request_ids'] as string[]).length).toBeGreaterThan(0)
      }
    })

    it('are told apart by key, and not beyond what memory may hold', () => {
      const tally = createAuditTally()
      for (let index = 0; index < 30_000; index++) {
        tally.note({ kind: 'refusal', reason: 'api_key_revoked', keyId: `key ${index}` }, caller(1), at(0))
      }
      const counts = tally.take()
      expect(counts.length).toBeLessThanOrEqual(10_001)
      expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(30_000)
    })

    it('are linked when their minute is over, and what comes late is a row of its own', async () => {
      const world = worldUnder(testSecret)
      const tally = createAuditTally()
      const began = world.now()
      tally.note(refusal, caller(1), began)
      await flushAuditTally(world, tally)
      expect(await linkAuditEvents(world, 9)).toBe(0)
      pass(66)
      expect(await linkAuditEvents(world, 9)).toBe(1)
      tally.note(refusal, caller(2), began)
      await flushAuditTally(world, tally)
      expect(await linkAuditEvents(world, 9)).toBe(1)
      expect((await newest()).map(({ count, seq }) => [count, seq]).toSorted()).toEqual([
        [1, 1],
        [1, 2],
      ])
      expect(await verify()).toMatchObject({ problem: undefined, checked: 2 })
    })

    it('are counted on when they could not be written', async () => {
      const world = worldUnder(testSecret)
      const tally = createAuditTally()
      tally.note(refusal, caller(1), world.now())
      const away = { ...the.store, addAuditCounts: () => Promise.reject(new Error('away')) }
      await expect(flushAuditTally({ ...world, store: away }, tally)).rejects.toThrow('away')
      tally.note(refusal, caller(2), world.now())
      await flushAuditTally(world, tally)
      expect(await newest()).toMatchObject([
        {
          count: 2,
          details: { addresses: ['192.0.2.1', '192.0.2.2'], request_ids: ['request-1', 'request-2'] },
        },
      ])
    })
  })
})
