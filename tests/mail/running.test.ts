import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { smtpSender } from '../../src/runtime/mail/smtp-sender.ts'
import { startMail } from '../../src/runtime/mail/start-mail.ts'
import { call } from '../support/call.ts'
import {
  type GatewayProcess,
  runGatewayToItsEnd,
  startGatewayProcess,
  testSecret,
} from '../support/gateway-process.ts'
import { type MailBench, openMailBench } from '../support/mail-bench.ts'
import { type Mailbox, openMailbox } from '../support/mailbox.ts'
import { startTestWorker } from '../support/worker.ts'

const noMail = 'no mail can be sent: mails wait in the outbox until SMTP_URL and MAIL_FROM are set'

const reset = { facts: { token: 'canary', expiresAt: new Date(Date.now() + 3_600_000).toISOString() } }

let bench: MailBench
let mailbox: Mailbox
let environment: Readonly<Record<string, string>>
let mailing: Readonly<Record<string, string>>

beforeAll(async () => {
  bench = await openMailBench('real')
  mailbox = await openMailbox()
  environment = { DATABASE_URL: bench.database.url, GUICHET_SECRET: testSecret }
  mailing = { ...environment, SMTP_URL: mailbox.url, MAIL_FROM: 'Accounts <no-reply@gateway.test>' }
})

afterAll(async () => {
  await mailbox.close()
  await bench.close()
})

const output = async (gateway: GatewayProcess, part: string) => {
  while (!gateway.output().includes(part)) await once(gateway.child.stdout!, 'data')
  return gateway.output()
}

/** What the outbox still has to send. */
const waiting = () =>
  bench.database.query('select id, attempts from mail_outbox where sent_at is null and failed_at is null')

describe('a process of the gateway', () => {
  it('delivers what is in the outbox, from PUBLIC_URL, and logs neither recipient nor link', async () => {
    const gateway = await startGatewayProcess({
      ...mailing,
      PUBLIC_URL: 'https://accounts.test',
      BASE_PATH: '/door',
    })
    try {
      const id = await bench.order('ada@people.test', 'password-reset', reset)
      const mail = await mailbox.next('ada@people.test')
      expect(mail.text).toContain('https://accounts.test/door/account/reset#token=')
      expect(mail.from).toMatchObject({ name: 'Accounts', address: 'no-reply@gateway.test' })
      const log = await output(gateway, 'mail sent')
      expect(log).toContain(id)
      expect(log).not.toMatch(/ada@|token=/)
    } finally {
      await gateway.remove()
    }
  })

  it('ends in time though the mail server is silent, and its mail goes with the next one', async () => {
    mailbox.behave({ does: 'stall' })
    const gateway = await startGatewayProcess(mailing)
    const before = mailbox.connections()
    await bench.order('bob@people.test')
    await expect.poll(() => mailbox.connections()).toBeGreaterThan(before)
    const since = performance.now()
    expect(await gateway.stop()).toBe(0)
    expect(performance.now() - since).toBeLessThan(6000)
    await gateway.remove()
    mailbox.behave({ does: 'accept' })
    expect(await waiting()).toHaveLength(1)
    await bench.database.query('update mail_outbox set next_attempt_at = created_at')
    const next = await startGatewayProcess(mailing)
    expect((await mailbox.next('bob@people.test')).subject).toContain('password')
    // Killed, it could not write down that the mail is sent.
    await next.stop()
    await next.remove()
  })

  it('prints mails where nobody else can reach it, and says on no other machine what they hold', async () => {
    const here = await startGatewayProcess(environment)
    await bench.order('eve@people.test', 'password-reset', reset)
    expect(await output(here, '"msg":"mail"')).toMatch(/"to":"eve@people\.test".*account\/reset#token=/)
    await here.stop()
    await here.remove()
    await expect.poll(waiting).toEqual([])

    await bench.order('eve@people.test', 'password-reset', reset)
    for (const production of [{ NODE_ENV: 'production' }, { PUBLIC_URL: 'https://accounts.test' }]) {
      const there = await startGatewayProcess({ ...environment, ...production })
      expect(await output(there, '"ready"')).toContain(noMail)
      expect(await there.stop()).toBe(0)
      expect(there.output()).not.toContain('eve@')
      await there.remove()
    }
    expect(await waiting()).toMatchObject([{ attempts: 0 }])
    await bench.database.query('truncate mail_outbox')
  })

  it('does not start with templates that could not work, and tells of each', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guichet-test-templates-'))
    await writeFile(join(folder, 'README.md'), 'ours')
    await writeFile(join(folder, 'password-reset.en.txt'), 'Subject: Reset\n\nNo link. {{nonsense}}\n')
    const refused = await runGatewayToItsEnd({ ...mailing, MAIL_TEMPLATES: folder })
    expect(refused.code).toBe(1)
    expect(refused.output).toContain('password-reset.en has {{nonsense}}, which this mail does not have')
    expect(refused.output).toContain('password-reset.en needs {{link}} in its text')
    const missing = await runGatewayToItsEnd({ ...mailing, MAIL_TEMPLATES: join(folder, 'missing') })
    expect(missing.output).toContain('MAIL_TEMPLATES cannot be read: ENOENT')

    await writeFile(join(folder, 'password-reset.en.txt'), 'Subject: Our words\n\nHere: {{link}}\n')
    const gateway = await startGatewayProcess({ ...mailing, MAIL_TEMPLATES: folder })
    await bench.order('mel@people.test', 'password-reset', reset)
    const mail = await mailbox.next('mel@people.test')
    await gateway.stop()
    await gateway.remove()
    expect(mail.subject).toBe('Our words')
    expect(mail.html).toBeUndefined()
    await rm(folder, { recursive: true })
  })
})

describe('the delivery of a process', () => {
  it('looks at once when it is told of a mail', async () => {
    const from = { name: '', address: 'no-reply@gateway.test' }
    const rendering = { baseUrl: 'https://gateway.test', own: new Map() }
    const send = await smtpSender({ url: mailbox.url, from }, rendering)
    const mail = startMail({ world: bench.world, senders: { send }, logger: pino({ level: 'silent' }) })
    const since = performance.now()
    await bench.order('soon@people.test')
    mail.wake()
    await mailbox.next('soon@people.test')
    // By itself it looks every two seconds.
    expect(performance.now() - since).toBeLessThan(1900)
    await mail.stop()
  })
})

describe('a Worker', () => {
  it('delivers over SMTP with its schedule, and keeps what does not go for later', async () => {
    const worker = await startTestWorker(bench.database.url, {
      GUICHET_SECRET: testSecret,
      PUBLIC_URL: 'https://accounts.test',
      SMTP_URL: mailbox.url,
      MAIL_FROM: 'no-reply@gateway.test',
    })
    try {
      const scheduled = () => call('GET', `${worker.url}/cdn-cgi/handler/scheduled`)
      for (let count = 0; count < 7; count++) {
        await bench.order(`w${count}@people.test`, 'password-reset', { ...reset, locale: 'fr' })
      }
      const refused = await bench.order('gone@people.test\r\nRSET')
      expect((await scheduled()).text).toBe('ok')
      for (let count = 0; count < 7; count++) {
        const mail = await mailbox.next(`w${count}@people.test`)
        expect(mail.text).toContain('https://accounts.test/account/reset#token=')
        expect(mail.html).toContain('<html lang="fr">')
      }
      await expect.poll(waiting).toEqual([])
      const [row] = await bench.database.query('select last_error from mail_outbox where id = $1', [refused])
      expect(row).toEqual({ last_error: 'EADDRESS' })

      await mailbox.shut()
      await bench.order('again@people.test')
      await scheduled()
      expect(await waiting()).toMatchObject([{ attempts: 1 }])
      await mailbox.open()
      await bench.database.query('update mail_outbox set next_attempt_at = created_at')
      await scheduled()
      await mailbox.next('again@people.test')
    } finally {
      await worker.stop()
    }
  })
})
