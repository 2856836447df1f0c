import { describe, expect, it } from 'vitest'
import { type AuditDraft, type AuditEvent, auditEvent } from '../../src/core/audit/event.ts'
import type { Store } from '../../src/core/ports.ts'
import type { KeySession } from '../../src/core/tokens/session.ts'
import {
  aClient,
  aCrowd,
  aKey,
  aSession,
  aSigningKey,
  at,
  describeTheStore,
} from '../support/store-under-test.ts'

const anEvent = (draft: AuditDraft): AuditEvent =>
  auditEvent({ now: () => at(0), newId: () => crypto.randomUUID() }, draft, undefined)

const eventsOf = async (store: Store, sessionId: string): Promise<number> =>
  (await store.listAuditEvents({ sessionId }, { limit: 10, before: undefined })).length

describeTheStore((the) => {
  describe('a session', () => {
    it.each([
      ['in full', { permissions: ['b:read', 'a:read'], audiences: ['https://a.test'], accessTtlSeconds: 60 }],
      ['without a narrowing', {}],
      ['with nothing permitted', { permissions: [], audiences: [] }],
      ['with texts that need quotes', { audiences: ['a,b', '{"}', "it's", 'back\\slash'] }],
    ])('comes back as it was opened, %s', async (_, changes) => {
      const { key } = await the.insertedKey()
      const session = aSession(key, changes)
      expect(await the.store.openSession(session, key.version)).toBe(true)
      const used = await the.store.useSession(session.id, at(30))
      expect(used).toEqual({
        session: { ...session, lastUsedAt: at(30) },
        keyVersion: key.version,
        notBefore: undefined,
      })
    })

    it('is refused after the version of its key changed', async () => {
      const { key } = await the.insertedKey()
      await the.store.replaceKey({ ...key, revokedAt: at(2), version: 2 }, undefined)
      const session = aSession(key)
      expect(await the.store.openSession(session, key.version)).toBe(false)
      expect(await the.store.useSession(session.id, at(3))).toBeUndefined()
      expect(await the.store.openSession(session, key.version + 1)).toBe(true)
    })

    it('is refused for an unknown key', async () => {
      const session = aSession(aKey(aClient()))
      expect(await the.store.openSession(session, 1)).toBe(false)
      expect(await the.store.useSession(session.id, at(3))).toBeUndefined()
    })

    it('names the new version of its key at its next use', async () => {
      const { key } = await the.insertedKey()
      const session = aSession(key)
      await the.store.openSession(session, key.version)
      await the.store.replaceKey({ ...key, revokedAt: at(5), version: 2 }, undefined)
      expect((await the.store.useSession(session.id, at(6)))?.keyVersion).toBe(2)
    })

    it('opens for each of twenty who ask at the same time, and is never lost to a withdrawal', async () => {
      const { key } = await the.insertedKey()
      const sessions = Array.from({ length: 20 }, () => aSession(key))
      const [opens] = await Promise.all([
        Promise.all(sessions.map((session) => the.store.openSession(session, key.version))),
        the.store.replaceKey({ ...key, revokedAt: at(5), version: 2 }, undefined),
      ])
      const found = await Promise.all(sessions.map((session) => the.store.useSession(session.id, at(6))))
      expect(found.map((use) => use !== undefined)).toEqual(opens)
      expect(await the.store.openSession(aSession(key), key.version)).toBe(false)
    })
  })

  describe('sessions that are opened together', () => {
    const poisoned = 'a\u0000b'

    it('are opened in one statement, with the events that tell of them', async () => {
      const { key } = await the.insertedKey()
      const wanted = Array.from({ length: 20 }, () => aSession(key))
      const tell = (session: KeySession) => anEvent({ kind: 'exchange', sessionId: session.id })
      const opens = wanted.map((session) => the.store.openSession(session, key.version, tell(session)))
      expect(await Promise.all(opens)).toEqual(Array(20).fill(true))
      const found = await Promise.all(wanted.map(({ id }) => the.store.findSession(id)))
      expect(found.map((one) => one?.session)).toEqual(wanted)
      for (const { id } of wanted) expect(await eventsOf(the.store, id)).toBe(1)
    })

    it('fail alone: the one that cannot be written takes no other with it', async () => {
      const { key } = await the.insertedKey()
      const wanted = Array.from({ length: 20 }, () => aSession(key))
      const outcomes = await Promise.allSettled(
        wanted.map((session, index) => {
          const target = index === 13 ? poisoned : 'fine'
          const event = anEvent({ kind: 'exchange', sessionId: session.id, target })
          return the.store.openSession(session, key.version, event)
        }),
      )
      expect(outcomes.map(({ status }) => status)).toEqual(
        wanted.map((_, index) => (index === 13 ? 'rejected' : 'fulfilled')),
      )
      expect(outcomes[13]).toMatchObject({ reason: { name: 'StoreError' } })
      for (const [index, { id }] of wanted.entries()) {
        expect((await the.store.findSession(id)) !== undefined).toBe(index !== 13)
        expect(await eventsOf(the.store, id)).toBe(index === 13 ? 0 : 1)
      }
    })

    it('are judged each by its own key, and what is refused is not told', async () => {
      const { key } = await the.insertedKey()
      const { key: other } = await the.insertedKey()
      await the.store.replaceKey({ ...other, revokedAt: at(2), version: 2 }, undefined)
      const wanted = [aSession(key), aSession(other), aSession(key), aSession(aKey(aClient()))]
      const opens = wanted.map((session) =>
        the.store.openSession(session, 1, anEvent({ kind: 'exchange', sessionId: session.id })),
      )
      expect(await Promise.all(opens)).toEqual([true, false, true, false])
      const told = await Promise.all(wanted.map(({ id }) => eventsOf(the.store, id)))
      expect(told).toEqual([1, 0, 1, 0])
    })
  })

  describe('a session that is opened late', () => {
    it('comes back as it was opened, with its event, however often it is written', async () => {
      const { key } = await the.insertedKey()
      const session = aSession(key, { permissions: ['a:read'], audiences: ['https://a.test'], rotates: true })
      const event = anEvent({ kind: 'exchange', sessionId: session.id })
      for (let round = 0; round < 2; round++) {
        expect(await the.store.openSessionLate(session, key.version, event)).toBe(true)
      }
      expect((await the.store.findSession(session.id))?.session).toEqual(session)
      expect(await eventsOf(the.store, session.id)).toBe(1)
    })

    it('stays as it has become since it was written', async () => {
      const { key } = await the.insertedKey()
      const session = aSession(key)
      const event = anEvent({ kind: 'exchange', sessionId: session.id })
      await the.store.openSessionLate(session, key.version, event)
      await the.store.useSession(session.id, at(9))
      expect(await the.store.openSessionLate(session, key.version, event)).toBe(true)
      expect((await the.store.findSession(session.id))?.session.lastUsedAt).toEqual(at(9))
    })

    it('is refused after the version of its key changed, and is not told', async () => {
      const { key } = await the.insertedKey({ version: 2 })
      const session = aSession(key)
      const event = anEvent({ kind: 'exchange', sessionId: session.id })
      expect(await the.store.openSessionLate(session, 1, event)).toBe(false)
      expect(await the.store.findSession(session.id)).toBeUndefined()
      expect(await eventsOf(the.store, session.id)).toBe(0)
    })
  })

  describe('a session that is ended late', () => {
    const endOf = (session: KeySession, seconds: number) => ({
      kind: 'session' as const,
      subject: session.id,
      cutoff: at(seconds),
      createdAt: at(seconds),
      expiresAt: at(90_000),
    })
    const revoked = (session: KeySession, seconds: number) => ({ ...session, revokedAt: at(seconds) })
    const revocationsOf = async (session: KeySession) =>
      (await the.store.listRevocations(at(20), undefined)).filter(({ subject }) => subject === session.id)

    it('is there as one that is over, with what tells of it and the end of its tokens, once', async () => {
      const { key } = await the.insertedKey()
      const session = aSession(key, { permissions: ['a:read'] })
      const events = (['exchange', 'session.end'] as const).map((kind) =>
        anEvent({ kind, sessionId: session.id }),
      )
      for (const seconds of [10, 11])
        await the.store.endSessionLate(revoked(session, seconds), events, endOf(session, seconds))
      expect((await the.store.findSession(session.id))?.session).toEqual(revoked(session, 10))
      expect(await eventsOf(the.store, session.id)).toBe(2)
      expect(await revocationsOf(session)).toEqual([endOf(session, 10)])
    })

    it('ends one that was opened already, and tells its exchange once', async () => {
      const { key } = await the.insertedKey()
      const session = aSession(key)
      const exchange = anEvent({ kind: 'exchange', sessionId: session.id })
      await the.store.openSessionLate(session, key.version, exchange)
      const end = anEvent({ kind: 'session.end', sessionId: session.id })
      await the.store.endSessionLate(revoked(session, 10), [exchange, end], endOf(session, 10))
      expect((await the.store.findSession(session.id))?.session.revokedAt).toEqual(at(10))
      expect(await eventsOf(the.store, session.id)).toBe(2)
      expect(await revocationsOf(session)).toHaveLength(1)
    })

    it('is not ended by halves', async () => {
      const { key } = await the.insertedKey()
      const session = aSession(key)
      const poisoned = anEvent({ kind: 'session.end', sessionId: session.id, target: 'a\u0000b' })
      await expect(
        the.store.endSessionLate(revoked(session, 10), [poisoned], endOf(session, 10)),
      ).rejects.toMatchObject({ name: 'StoreError' })
      expect(await the.store.findSession(session.id)).toBeUndefined()
      expect(await revocationsOf(session)).toEqual([])
    })

    it('needs no key: it may have been purged', async () => {
      const session = aSession(aKey(aClient()))
      await the.store.endSessionLate(revoked(session, 10), [], endOf(session, 10))
      expect(await revocationsOf(session)).toHaveLength(1)
    })
  })

  describe('sessions that are used together', () => {
    it('are each marked and answered, however often they come', async () => {
      const { key } = await the.insertedKey()
      const [one, other] = [aSession(key), aSession(key)]
      for (const session of [one, other]) await the.store.openSession(session, key.version)
      const absent = crypto.randomUUID()
      const uses = await Promise.all([
        the.store.useSession(one.id, at(7)),
        the.store.useSession(other.id, at(8)),
        the.store.useSession(one.id, at(9)),
        the.store.useSession(absent, at(9)),
      ])
      expect(uses.map((use) => use?.session.id)).toEqual([one.id, other.id, one.id, undefined])
      expect((await the.store.findSession(one.id))?.session.lastUsedAt).toEqual(at(9))
      expect((await the.store.findSession(other.id))?.session.lastUsedAt).toEqual(at(8))
    })
  })

  describe('a signing key', () => {
    it('comes back as it was written, the oldest first', async () => {
      const newer = aSigningKey({ createdAt: at(5), activeFrom: at(5), retiresAt: at(6), goneAt: at(7) })
      const older = aSigningKey({ algorithm: 'HS256', publicJwk: undefined })
      const trusted = aSigningKey({
        origin: 'trusted',
        createdAt: at(9),
        activeFrom: undefined,
        sealedPrivateJwk: undefined,
      })
      expect(
        await the.store.changeSigningKeys((before) => ({ write: [newer, trusted, older], outcome: before })),
      ).toEqual([])
      expect(await the.store.listSigningKeys()).toEqual([older, newer, trusted])
    })

    it('is written over by its kid, emptied fields included, and leaves the others alone', async () => {
      const [one, other] = [aSigningKey({ goneAt: at(9) }), aSigningKey({ createdAt: at(1) })]
      await the.store.changeSigningKeys(() => ({ write: [one, other], outcome: undefined }))
      const erased = { ...one, publicJwk: undefined, sealedPrivateJwk: undefined, goneAt: undefined }
      await the.store.changeSigningKeys(() => ({ write: [erased], outcome: undefined }))
      expect(await the.store.listSigningKeys()).toEqual([erased, other])
    })

    it('is added once when twenty who see none ask at the same time', async () => {
      const answers = await aCrowd(() =>
        the.store.changeSigningKeys((before) => {
          const write = before.length === 0 ? [aSigningKey()] : []
          return { write, outcome: [...before, ...write] }
        }),
      )
      const kept = await the.store.listSigningKeys()
      expect(kept).toHaveLength(1)
      expect(answers).toEqual(Array.from({ length: 20 }, () => kept))
    })
  })
})
