import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Client } from '../../src/core/clients/client.ts'
import { createStore } from '../../src/store/store.ts'
import { aClient, aCrowd, aKey, at, describeTheStore } from '../support/store-under-test.ts'

describeTheStore((the) => {
  describe('the first client', () => {
    it('is made once, with its key, when twenty ask at the same time', async () => {
      const asked = await aCrowd(() => {
        const client = aClient({ name: 'admin' })
        return the.store.insertFirstClient(client, aKey(client)).then((made) => ({ made, client }))
      })
      const makers = asked.filter(({ made }) => made)
      expect(makers).toHaveLength(1)
      expect(await the.store.listClients({ limit: 50, after: undefined })).toEqual([makers[0]!.client])
      expect(await the.store.listKeys(makers[0]!.client.id, { limit: 50, after: undefined })).toHaveLength(1)
    })

    it('is not made beside any other client, nor is its key', async () => {
      await the.insertedClient({ name: 'other' })
      const client = aClient({ name: 'admin' })
      const key = aKey(client)
      expect(await the.store.insertFirstClient(client, key)).toBe(false)
      expect(await the.store.findClient(client.id)).toBeUndefined()
      expect(await the.store.findKey(key.id)).toBeUndefined()
    })

    it('is not made without its key', async () => {
      const client = aClient()
      const broken = aKey(client, { clientId: crypto.randomUUID() })
      await expect(the.store.insertFirstClient(client, broken)).rejects.toThrow('SQLSTATE 23503')
      expect(await the.store.anyClient()).toBe(false)
    })
  })

  describe('a client', () => {
    it('comes back as it was kept', async () => {
      expect(await the.store.anyClient()).toBe(false)
      const plain = await the.insertedClient()
      const disabled = await the.insertedClient({ permissions: [], disabledAt: at(5) })
      expect(await the.store.findClient(plain.id)).toEqual(plain)
      expect(await the.store.findClient(disabled.id)).toEqual(disabled)
      expect(await the.store.findClient(crypto.randomUUID())).toBeUndefined()
      expect(await the.store.anyClient()).toBe(true)
    })

    it('keeps its name to itself, whatever the case', async () => {
      const client = await the.insertedClient({ name: 'Billing' })
      expect(await the.store.insertClient(aClient({ name: 'Billing' }))).toBe(false)
      expect(await the.store.insertClient(aClient({ name: 'bILLING' }))).toBe(false)
      expect(await the.store.listClients({ limit: 50, after: undefined })).toEqual([client])
    })

    it('wins its name alone when twenty ask at the same time', async () => {
      const asked = await aCrowd(() => the.store.insertClient(aClient({ name: 'one name' })))
      expect(asked.filter((inserted) => inserted)).toHaveLength(1)
    })

    it('keeps a name that looks like SQL as it is', async () => {
      const client = await the.insertedClient({ name: `'); drop table clients; -- \\ "$1" €` })
      expect(await the.store.findClient(client.id)).toEqual(client)
    })
  })

  describe('a listing', () => {
    it('goes by creation, then by id, and pages without a gap or a repeat', async () => {
      // Two share each moment, so that a page can end between them.
      const clients = await aCrowd((index) => the.insertedClient({ createdAt: at(Math.floor(index / 2)) }))
      const inOrder = clients.toSorted(
        (a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1),
      )
      const seen: Client[] = []
      for (;;) {
        const page = await the.store.listClients({ limit: 3, after: seen.at(-1) })
        seen.push(...page)
        if (page.length < 3) break
      }
      expect(seen).toEqual(inOrder)
    })

    it('has the keys of one client only', async () => {
      const { client, key } = await the.insertedKey({ createdAt: at(2) })
      const older = aKey(client, { createdAt: at(1) })
      await the.store.insertKey(older, undefined)
      await the.insertedKey()
      expect(await the.store.listKeys(client.id, { limit: 50, after: undefined })).toEqual([older, key])
      expect(await the.store.listKeys(client.id, { limit: 1, after: undefined })).toEqual([older])
      expect(await the.store.listKeys(client.id, { limit: 50, after: older })).toEqual([key])
      expect(await the.store.listKeys(client.id, { limit: 50, after: key })).toEqual([])
      expect(await the.store.listKeys(crypto.randomUUID(), { limit: 50, after: undefined })).toEqual([])
    })
  })

  describe('an API key', () => {
    it('comes back as it was kept, with its client', async () => {
      const { client, key } = await the.insertedKey()
      const endless = aKey(client, { expiresAt: undefined, permissions: [] })
      await the.store.insertKey(endless, undefined)
      expect(await the.store.findKey(key.id)).toEqual({ key, client })
      expect(await the.store.findKey(endless.id)).toEqual({ key: endless, client })
      expect(await the.store.findKey('nosuchkey000')).toBeUndefined()
    })

    it('is refused twice under one id, and without a client', async () => {
      const { client, key } = await the.insertedKey()
      await expect(the.store.insertKey(aKey(client, { id: key.id }), undefined)).rejects.toThrow(
        'SQLSTATE 23505',
      )
      await expect(the.store.insertKey(aKey(aClient()), undefined)).rejects.toThrow('SQLSTATE 23503')
    })

    it('is written over the version that was seen, and over no other', async () => {
      const { client, key } = await the.insertedKey()
      const next = { ...key, name: 'renamed', disabledAt: at(9), quota: 7, metadata: { a: [1] }, version: 2 }
      expect(await the.store.replaceKey(next, undefined)).toBe(true)
      expect(await the.store.replaceKey({ ...next, name: 'late' }, undefined)).toBe(false)
      expect(await the.store.findKey(key.id)).toEqual({ key: next, client })
      const emptied = { ...next, disabledAt: undefined, quota: undefined, expiresAt: undefined, version: 3 }
      expect(await the.store.replaceKey(emptied, undefined)).toBe(true)
      expect((await the.store.findKey(key.id))?.key).toEqual(emptied)
    })

    it('is written once when twenty saw the same version', async () => {
      const { key } = await the.insertedKey()
      const written = await aCrowd((index) =>
        the.store.replaceKey({ ...key, name: `name ${index}`, version: 2 }, undefined),
      )
      expect(written.filter(Boolean)).toHaveLength(1)
    })

    it('cannot be written when it is unknown', async () => {
      expect(await the.store.replaceKey({ ...aKey(aClient()), version: 2 }, undefined)).toBe(false)
    })

    it('leaves with all that was counted of it', async () => {
      const { key } = await the.insertedKey()
      await the.store.addKeyUses([
        { keyId: key.id, count: 2, lastUsedAt: at(1), lastAddress: undefined, lastUserAgent: undefined },
      ])
      await the.store.takeQuota(key.id, 5)
      expect(await the.store.deleteKey(key.id, aRevocation(key.id))).toBe(true)
      expect(await the.store.deleteKey(key.id, aRevocation(key.id))).toBe(false)
      expect([await the.store.findKey(key.id), await the.store.findKeyUsage(key.id)]).toEqual([
        undefined,
        undefined,
      ])
      expect(await the.store.takeQuota(key.id, 5)).toBe(1)
    })

    it('adds up its uses, from many instances at once', async () => {
      const { key } = await the.insertedKey()
      await aCrowd((index) =>
        the.store.addKeyUses([
          {
            keyId: key.id,
            count: index,
            lastUsedAt: at(index),
            lastAddress: '192.0.2.1',
            lastUserAgent: 'curl',
          },
        ]),
      )
      expect(await the.store.findKeyUsage(key.id)).toMatchObject({ count: 190, lastUsedAt: at(19) })
    })

    it('has a quota that twenty at once cannot overdraw', async () => {
      const { key } = await the.insertedKey()
      const taken = await aCrowd(() => the.store.takeQuota(key.id, 7))
      expect(taken.filter((count) => count !== undefined).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7])
    })

    it('has a rate that twenty at once cannot exceed', async () => {
      const bucket = crypto.randomUUID()
      const outcomes = await aCrowd(() =>
        the.store.takeRate({ bucket, limit: 7, windowSeconds: 60, now: at(0) }),
      )
      expect(outcomes.filter(({ allowed }) => allowed)).toHaveLength(7)
    })

    it('takes a new digest only in the place of the one that was seen', async () => {
      const { client, key } = await the.insertedKey({ digest: 'old' })
      await the.store.rehashKey(key.id, { from: 'another', to: 'wrong' })
      expect((await the.store.findKey(key.id))?.key.digest).toBe('old')
      await the.store.rehashKey(key.id, { from: 'old', to: 'new' })
      expect(await the.store.findKey(key.id)).toEqual({ key: { ...key, digest: 'new' }, client })
    })
  })

  describe('a revocation', () => {
    it('comes back while it concerns anybody, to those who ask since', async () => {
      const revocation = aRevocation(crypto.randomUUID().slice(0, 12))
      await the.store.insertRevocation(revocation)
      expect(await the.store.listRevocations(at(0), undefined)).toContainEqual(revocation)
      expect(await the.store.listRevocations(at(0), at(11))).not.toContainEqual(revocation)
      expect(await the.store.listRevocations(at(101), undefined)).not.toContainEqual(revocation)
    })
  })

  describe('the probe', () => {
    it('answers when the schema is complete and refuses when a migration is missing', async () => {
      await expect(the.store.probe()).resolves.toBeUndefined()
      await the.execute(sql`update drizzle.__drizzle_migrations set created_at = created_at - 1`)
      try {
        await expect(the.store.probe()).rejects.toMatchObject({ name: 'StoreUnavailableError' })
      } finally {
        await the.execute(sql`update drizzle.__drizzle_migrations set created_at = created_at + 1`)
      }
    })
  })

  describe('a fault', () => {
    it('names its kind and none of the values that it met', async () => {
      const { client, key } = await the.insertedKey()
      const canary = aKey(client, { id: key.id, digest: 'canary-digest', name: 'canary-name' })
      const error: unknown = await the.store.insertKey(canary, undefined).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ name: 'StoreError' })
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('canary')
    })

    it('of a closed database is one that a retry may mend', async () => {
      const closing = await the.openAnother()
      const closed = createStore(closing.db)
      await closing.close()
      await expect(closed.anyClient()).rejects.toMatchObject({ name: 'StoreUnavailableError' })
      await closing.remove()
    })
  })
})

const aRevocation = (subject: string) =>
  ({ kind: 'key', subject, cutoff: at(10), createdAt: at(10), expiresAt: at(100) }) as const
