import { describe, expect, it } from 'vitest'
import {
  aClient,
  aCrowd,
  aKey,
  aSession,
  aSigningKey,
  at,
  describeTheStore,
} from '../support/store-under-test.ts'

describeTheStore((the) => {
  describe('a session', () => {
    it.each([
      ['in full', { permissions: ['b:read', 'a:read'], audiences: ['https://a.test'], accessTtlSeconds: 60 }],
      ['without a narrowing', {}],
      ['with nothing permitted', { permissions: [], audiences: [] }],
      ['with texts that need quotes', { audiences: ['a,b', '{"}', "it's", 'back\\slash'] }],
    ])('comes back as it was opened, %s', async (_, changes) => {
      const { client, key } = await the.insertedKey()
      const session = aSession(key, changes)
      expect(await the.store.openSession(session, key.version)).toBe(true)
      const used = await the.store.useSession(session.id, at(30))
      expect(used).toEqual({ session: { ...session, lastUsedAt: at(30) }, key, client })
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

    it('shows the withdrawal of its key at its next use', async () => {
      const { key } = await the.insertedKey()
      const session = aSession(key)
      await the.store.openSession(session, key.version)
      await the.store.replaceKey({ ...key, revokedAt: at(5), version: 2 }, undefined)
      expect((await the.store.useSession(session.id, at(6)))?.key.revokedAt).toEqual(at(5))
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
