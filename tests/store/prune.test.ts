import { describe, expect, it } from 'vitest'
import { prune } from '../../src/core/prune.ts'
import { aSession, at, describeTheStore } from '../support/store-under-test.ts'

describeTheStore((the) => {
  const day = 86_400
  const revocation = (subject: string, expiresAt: Date) =>
    ({ kind: 'key', subject, cutoff: at(0), createdAt: at(0), expiresAt }) as const

  describe('pruning', () => {
    it('deletes what has run out, in batches, and leaves what lives', async () => {
      const { key } = await the.insertedKey()
      const old = Array.from({ length: 1201 }, () => aSession(key, { expiresAt: at(10) }))
      const living = aSession(key, { expiresAt: at(10 + day) })
      for (const session of [...old, living]) await the.store.openSession(session, key.version)
      await the.store.insertRevocation(revocation('old', at(10)))
      await the.store.insertRevocation(revocation('living', at(12 + 2 * day)))
      await the.store.takeRate({ bucket: 'old', limit: 10, windowSeconds: 10, now: at(0) })

      const late = { now: () => at(11 + day), store: the.store }
      expect(await prune(late)).toBe(3)
      expect(await the.store.useSession(old[0]!.id, at(0))).toBeUndefined()
      expect((await the.store.useSession(living.id, at(0)))?.session.id).toBe(living.id)
      const left = await the.store.listRevocations(at(0), undefined)
      expect(left.map(({ subject }) => subject)).toEqual(['living'])
      expect(await prune(late)).toBe(1)
    })
  })
})
