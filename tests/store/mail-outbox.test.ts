import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, it } from 'vitest'
import type { QueuedMail } from '../../src/core/accounts/mail.ts'
import { prune } from '../../src/core/prune.ts'
import { aCrowd, at, describeTheStore } from '../support/store-under-test.ts'

const aQueuedMail = (changes: Partial<QueuedMail> = {}): QueuedMail => ({
  id: crypto.randomUUID(),
  userId: undefined,
  kind: 'password-reset',
  locale: 'fr',
  sealedMessage: 'aaaaaaaa.sealed',
  voidKey: undefined,
  createdAt: at(0),
  nextAttemptAt: at(0),
  sentAt: undefined,
  ...changes,
})

describeTheStore((the) => {
  const claim = (seconds: number, limit = 10) =>
    the.store.claimMails({ now: at(seconds), leaseUntil: at(seconds + 120), limit })
  const rowOf = async (id: string) => {
    const result = (await the.execute(sql`select * from mail_outbox where id = ${id}`)) as {
      rows: readonly Record<string, unknown>[]
    }
    return result.rows[0]
  }

  describe('the outbox of mails', () => {
    beforeEach(async () => {
      await the.execute(sql`truncate mail_outbox`)
    })

    it('gives a mail to one who claims it, and to nobody else before the lease is over', async () => {
      const mail = aQueuedMail({ userId: crypto.randomUUID() })
      await the.store.enqueueMail(mail)
      expect(await claim(1)).toMatchObject([
        { ...mail, sentAt: null, voidKey: null, attempts: 1, nextAttemptAt: at(121) },
      ])
      expect(await claim(120)).toEqual([])
      expect(await claim(121)).toMatchObject([{ id: mail.id, attempts: 2 }])
    })

    it('gives each mail to one of twenty who claim at once', async () => {
      for (let count = 0; count < 30; count++) await the.store.enqueueMail(aQueuedMail())
      const claimed = (await aCrowd(() => claim(1, 2))).flat().map(({ id }) => id)
      expect(new Set(claimed).size).toBe(claimed.length)
      const rest = (await claim(1, 100)).map(({ id }) => id)
      expect(new Set([...claimed, ...rest]).size).toBe(30)
    })

    it('gives the longest due first, and none before its time', async () => {
      const [late, early, tomorrow] = [50, 10, 86_400].map((seconds) =>
        aQueuedMail({ nextAttemptAt: at(seconds) }),
      )
      for (const mail of [late!, early!, tomorrow!]) await the.store.enqueueMail(mail)
      expect((await claim(9)).map(({ id }) => id)).toEqual([])
      expect((await claim(60, 1)).map(({ id }) => id)).toEqual([early!.id])
      expect((await claim(60)).map(({ id }) => id)).toEqual([late!.id])
    })

    it.each([
      [
        { state: 'sent', at: at(5) },
        { sent_at: expect.anything(), failed_at: null, last_error: null },
      ],
      [
        { state: 'failed', at: at(5), error: '550' },
        { sent_at: null, failed_at: expect.anything(), last_error: '550' },
      ],
    ] as const)('forgets what a mail said, and to whom, when it is over: %j', async (settlement, columns) => {
      const mail = aQueuedMail()
      await the.store.enqueueMail(mail)
      const [claimed] = await claim(1)
      await the.store.settleMail(claimed!, settlement)
      expect(await rowOf(mail.id)).toMatchObject({ sealed_message: '', ...columns })
      expect(await claim(1000)).toEqual([])
    })

    it('keeps a mail that is to be tried again for its time', async () => {
      await the.store.enqueueMail(aQueuedMail())
      const [claimed] = await claim(1)
      await the.store.settleMail(claimed!, { state: 'waiting', until: at(30), error: '451' })
      expect(await claim(29)).toEqual([])
      expect(await claim(30)).toMatchObject([{ sealedMessage: 'aaaaaaaa.sealed', attempts: 2 }])
    })

    it('lets an attempt whose lease ran out say that it sent, and nothing else', async () => {
      const mail = aQueuedMail()
      await the.store.enqueueMail(mail)
      const [first] = await claim(1)
      await claim(200)
      await the.store.settleMail(first!, { state: 'failed', at: at(201), error: '550' })
      await the.store.settleMail(first!, { state: 'waiting', until: at(201), error: '451' })
      expect(await rowOf(mail.id)).toMatchObject({ failed_at: null, last_error: null })
      await the.store.settleMail(first!, { state: 'sent', at: at(201) })
      expect(await claim(1000)).toEqual([])
    })

    it('sends only the newest of the unsent mails with one key', async () => {
      const sent = aQueuedMail({ voidKey: 'reset:ada' })
      await the.store.enqueueMail(sent)
      const [claimed] = await claim(1)
      await the.store.settleMail(claimed!, { state: 'sent', at: at(1) })
      const [older, newer] = [aQueuedMail({ voidKey: 'reset:ada' }), aQueuedMail({ voidKey: 'reset:ada' })]
      const others = [aQueuedMail({ voidKey: 'reset:bob' }), aQueuedMail()]
      for (const mail of [older, ...others, newer]) await the.store.enqueueMail(mail)
      expect((await claim(2)).map(({ id }) => id).sort()).toEqual(
        [newer.id, ...others.map(({ id }) => id)].sort(),
      )
      expect(await rowOf(older.id)).toMatchObject({ last_error: 'superseded', sealed_message: '' })
      expect(await rowOf(sent.id)).toMatchObject({ last_error: null, failed_at: null })
    })

    it('sends one of twenty with one key that come at once', async () => {
      await aCrowd(() => the.store.enqueueMail(aQueuedMail({ voidKey: 'reset:ada' })))
      expect(await claim(1, 100)).toHaveLength(1)
    })

    it('tells how many wait, and since when the oldest does', async () => {
      expect(await the.store.outboxDepth()).toEqual({ waiting: 0, oldestAt: undefined })
      const mails = [aQueuedMail(), aQueuedMail({ createdAt: at(7) }), aQueuedMail({ createdAt: at(5) })]
      for (const mail of mails) await the.store.enqueueMail(mail)
      expect(await the.store.outboxDepth()).toEqual({ waiting: 3, oldestAt: at(0) })
      const claimed = await claim(1, 3)
      // On its way it still waits; sent or given up it does not.
      expect((await the.store.outboxDepth()).waiting).toBe(3)
      const [first, second] = [mails[0], mails[1]].map((mail) => claimed.find(({ id }) => id === mail?.id)!)
      await the.store.settleMail(first!, { state: 'sent', at: at(1) })
      await the.store.settleMail(second!, { state: 'failed', at: at(1), error: 'expired' })
      expect(await the.store.outboxDepth()).toEqual({ waiting: 1, oldestAt: at(5) })
    })

    it('is pruned of what is a week old, sent or not', async () => {
      const [old, young] = [aQueuedMail(), aQueuedMail({ createdAt: at(60) })]
      for (const mail of [old, young]) await the.store.enqueueMail(mail)
      const week = 7 * 86_400
      await prune({ now: () => at(week), store: the.store })
      expect(await rowOf(old.id)).toBeDefined()
      await prune({ now: () => at(week + 1), store: the.store })
      expect(await rowOf(old.id)).toBeUndefined()
      expect(await rowOf(young.id)).toBeDefined()
    })
  })
})
