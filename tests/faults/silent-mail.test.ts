import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { linkIn, type Mailbox, openMailbox } from '../support/mailbox.ts'
import { measured, tellMs } from './support/measured.ts'
import { quantile } from './support/operations.ts'
import { rounds } from './support/thorough.ts'

const PEOPLE = rounds(6, 40)
const password = 'a long enough password'

let database: TestDatabase
let mailbox: Mailbox
let gateway: GatewayProcess

beforeAll(async () => {
  database = await migratedDatabase()
  mailbox = await openMailbox()
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    SMTP_URL: mailbox.url,
    MAIL_FROM: 'Accounts <no-reply@gateway.test>',
    // The limits of strangers are of addresses: here each comes from their own.
    TRUSTED_PROXIES: '127.0.0.0/8',
  })
}, 60_000)

afterAll(async () => {
  await gateway?.remove()
  await mailbox?.close()
  await database?.drop()
})

const durations: number[] = []

async function ask(path: string, json: object, person: number): Promise<Answer> {
  const startedAt = performance.now()
  const headers = { 'X-Forwarded-For': `198.51.100.${person + 1}` }
  const answer = await call('POST', `${gateway.url}/api/v1${path}`, { json, headers })
  durations.push(performance.now() - startedAt)
  return answer
}

/** Has people register and ask for a new password; answers how long the slowest of their calls took, nearly. */
async function registerAll(name: string): Promise<number> {
  durations.length = 0
  for (let person = 0; person < PEOPLE; person++) {
    const email = `${name}-${person}@people.test`
    expect((await ask('/auth/register', { email, password }, person)).status).toBe(202)
    expect((await ask('/auth/password/forgot', { email }, person)).status).toBe(202)
  }
  return quantile(durations, 0.99)
}

const outbox = async () => {
  const [row] = await database.query(
    'select count(*) filter (where sent_at is null and failed_at is null)::int as waiting, count(*)::int as all from mail_outbox',
  )
  return row as { readonly waiting: number; readonly all: number }
}

describe('a mail server that takes connections and never says a word', { timeout: 120_000 }, () => {
  it('keeps no caller waiting, and gets each mail once when it speaks again', async () => {
    await registerAll('warm-up')
    const speakingMs = await registerAll('before')
    await expect.poll(outbox, { timeout: 20_000 }).toMatchObject({ waiting: 0 })
    mailbox.behave({ does: 'stall' })
    const silentMs = await registerAll('during')
    const { waiting } = await outbox()
    expect(waiting).toBeGreaterThan(0)
    // What passwords cost is the most of it, on a machine that does other things as well.
    expect(silentMs).toBeLessThan(Math.max(1000, 3 * speakingMs))

    // It is back; the process that had waited for it is stopped, as one that must be replaced.
    const startedAt = performance.now()
    expect(await gateway.stop()).toBe(0)
    const stoppedMs = performance.now() - startedAt
    expect(stoppedMs).toBeLessThan(6000)
    mailbox.behave({ does: 'accept' })
    await database.query('update mail_outbox set next_attempt_at = created_at where sent_at is null')
    const next = await startGatewayProcess({
      DATABASE_URL: database.url,
      GUICHET_SECRET: testSecret,
      SMTP_URL: mailbox.url,
      MAIL_FROM: 'Accounts <no-reply@gateway.test>',
    })
    await expect.poll(outbox, { timeout: 20_000 }).toMatchObject({ waiting: 0 })
    expect(await next.stop()).toBe(0)
    await next.remove()
    const links = mailbox.mails
      .filter(({ recipients }) => recipients[0]?.startsWith('during-'))
      .map((mail) => linkIn(mail).href)
    expect(new Set(links).size).toBe(links.length)
    const ofEach = Map.groupBy(mailbox.mails, ({ recipients, subject }) => `${recipients[0]} ${subject}`)
    expect([...ofEach].filter(([, { length }]) => length > 1).map(([name]) => name)).toEqual([])
    measured(
      'F30',
      `p99 of ${2 * PEOPLE} account calls ${tellMs(silentMs)} beside ${tellMs(speakingMs)} with a mail server that speaks; ${waiting} mails waited, each came once; SIGTERM meanwhile: exit code 0 after ${tellMs(stoppedMs)}`,
    )
  })
})
