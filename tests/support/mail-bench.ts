import pino from 'pino'
import { type MailKind, type MailOrder, queuedMail } from '../../src/core/accounts/mail.ts'
import type { World } from '../../src/core/ports.ts'
import { createMailDelivery, type MailDelivery } from '../../src/runtime/mail/mail-delivery.ts'
import { smtpSender } from '../../src/runtime/mail/smtp-sender.ts'
import { createNodeWorld } from '../../src/runtime/node-world.ts'
import { type OpenDatabase, openPostgres } from '../../src/runtime/postgres.ts'
import { createStore } from '../../src/store/store.ts'
import { migratedDatabase, type TestDatabase } from './database.ts'
import { testSecret } from './gateway-process.ts'
import { mailFacts } from './mail-samples.ts'

export interface MailBench {
  readonly database: TestDatabase
  readonly world: World
  readonly pass: (seconds: number) => void
  /** Puts a mail of a kind into the outbox, with sample facts, and answers its id. */
  readonly order: (to: string, kind?: MailKind, changes?: Partial<MailOrder>) => Promise<string>
  /** One more instance on the same outbox. */
  readonly instance: (smtpUrl: string) => Promise<TestDelivery>
  readonly close: () => Promise<void>
}

export interface TestDelivery extends MailDelivery {
  /** Takes all that is due, and waits until each has come to its end or its next time. */
  readonly deliver: () => Promise<void>
  readonly cutOff: () => void
  readonly lines: readonly Record<string, unknown>[]
}

/** An outbox on a real PostgreSQL, with a clock that is moved by hand; or with that of the processes beside it. */
export async function openMailBench(clock: 'by hand' | 'real' = 'by hand'): Promise<MailBench> {
  const database = await migratedDatabase()
  const settings = { url: database.url, poolMax: 10, connectTimeoutMs: 5000, queryTimeoutMs: 5000 }
  const opened: OpenDatabase[] = []
  let nowMs = Date.parse('2026-01-01T12:00:00.000Z')
  const openWorld = () => {
    const pool = openPostgres(settings, () => {})
    opened.push(pool)
    return {
      ...createNodeWorld(createStore(pool.db), [testSecret]),
      now: clock === 'real' ? () => new Date() : () => new Date(nowMs),
    }
  }
  const world = openWorld()
  return {
    database,
    world,
    pass(seconds) {
      nowMs += seconds * 1000
    },
    async order(to, kind = 'password-changed', changes = {}) {
      const plain = { userId: undefined, locale: undefined, voidKey: undefined, facts: mailFacts[kind] }
      const mail = queuedMail(world, { ...plain, to, kind, ...changes }, world.now())
      await world.store.enqueueMail(mail)
      return mail.id
    },
    async instance(url) {
      const lines: Record<string, unknown>[] = []
      const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
      const from = { name: 'Guichet', address: 'no-reply@gateway.test' }
      const send = await smtpSender({ url, from }, { baseUrl: 'https://gateway.test', own: new Map() })
      const cutOff = new AbortController()
      const delivery = createMailDelivery({ world: openWorld(), send, logger, signal: cutOff.signal })
      return {
        ...delivery,
        lines,
        cutOff: () => cutOff.abort(),
        async deliver() {
          await delivery.look()
          await delivery.settled()
        },
      }
    },
    async close() {
      await Promise.all(opened.map((pool) => pool.close()))
      await database.drop()
    },
  }
}
