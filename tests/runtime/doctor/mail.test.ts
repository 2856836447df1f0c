import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { checkMail, checkOutbox, checkTemplates } from '../../../src/runtime/cli/checks/mail-checks.ts'
import { type OpenDatabase, openPostgres } from '../../../src/runtime/postgres.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { type MailBench, openMailBench } from '../../support/mail-bench.ts'
import { openMailbox } from '../../support/mailbox.ts'

const trusted = getCACertificates('default')
const from = { name: 'Guichet', address: 'no-reply@gateway.test' }
const settings = (url: string) => ({ smtp: { url, from }, templates: undefined, printed: false })

afterEach(() => setDefaultCACertificates(trusted))

describe.each(['the start', 'STARTTLS'] as const)('the check of a mail server with TLS from %s', (when) => {
  it('is content with one that takes the password, and sends no mail', async () => {
    const { key, cert } = makeCertificate()
    setDefaultCACertificates([...trusted, cert.toString('utf8')])
    const mailbox = await openMailbox({ password: 'hush', tls: { key, cert, from: when } })
    const check = await checkMail(settings(mailbox.url))
    expect(check).toMatchObject({ check: 'mail', status: 'ok' })
    expect(check.finding).toContain('takes mails of no-reply@gateway.test')
    expect([mailbox.connections(), mailbox.mails]).toEqual([1, []])
    await mailbox.close()
  })

  it('fails where nobody vouches for its certificate', async () => {
    const mailbox = await openMailbox({ password: 'hush', tls: { ...makeCertificate(), from: when } })
    const check = await checkMail(settings(mailbox.url))
    expect(check).toMatchObject({ status: 'fail', remedy: expect.stringContaining('certificate') })
    expect(JSON.stringify(check)).not.toContain('hush')
    await mailbox.close()
  })
})

describe('the check of a mail server', () => {
  it('fails on a wrong password, and says neither it nor what the server said', async () => {
    const mailbox = await openMailbox({ password: 'right' })
    const check = await checkMail(settings(mailbox.url.replace('right', 'hush')))
    expect(check).toMatchObject({ status: 'fail', remedy: expect.stringContaining('password') })
    expect(check.finding).toMatch(/^127\.0\.0\.1:\d+ does not take our mails \(EAUTH, 535\)\.$/)
    expect(JSON.stringify(check)).not.toMatch(/hush|canary|mailer/)
    await mailbox.close()
  })

  it('fails on one that is away, and on one that wants STARTTLS and does not offer it', async () => {
    const mailbox = await openMailbox()
    await mailbox.shut()
    expect(await checkMail(settings(mailbox.url))).toMatchObject({ status: 'fail' })
    await mailbox.open()
    // To another machine a password is shown behind TLS alone; 127.0.0.1 by its number is none.
    const other = mailbox.url.replace('127.0.0.1', 'mailer:hush@0.0.0.0')
    expect(await checkMail(settings(other))).toMatchObject({ status: 'fail' })
    expect(mailbox.mails).toEqual([])
    await mailbox.close()
  })

  it('warns where there is none, of what is printed and of what waits', async () => {
    const none = { smtp: undefined, templates: undefined }
    const printed = await checkMail({ ...none, printed: true })
    const waits = await checkMail({ ...none, printed: false })
    expect([printed.status, waits.status]).toEqual(['warn', 'warn'])
    expect([printed.finding, waits.finding].map((text) => /printed|wait/.exec(text)?.[0])).toEqual([
      'printed',
      'wait',
    ])
  })
})

describe('the check of the templates', () => {
  it('counts those that can be used, and fails on a folder with one that cannot, or none there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guichet-test-templates-'))
    await writeFile(join(folder, 'email-confirm.en.txt'), 'Subject: Welcome\n\nFollow {{link}}.\n')
    const good = await checkTemplates(folder)
    await writeFile(join(folder, 'email-confirm.fr.txt'), 'Subject: Bienvenue\n\nRien.\n')
    const bad = await checkTemplates(folder)
    await rm(folder, { recursive: true })
    const gone = await checkTemplates(folder)
    expect([good.status, bad.status, gone.status]).toEqual(['ok', 'fail', 'fail'])
    expect(good.finding).toBe('1 of your own can be used.')
    expect(bad.finding).toContain('email-confirm.fr needs {{link}}')
    expect(gone.finding).toContain('ENOENT')
  })
})

describe('the check of the outbox', () => {
  let bench: MailBench
  let database: OpenDatabase

  beforeAll(async () => {
    bench = await openMailBench()
    const { url } = bench.database
    database = openPostgres({ url, poolMax: 1, connectTimeoutMs: 5000, queryTimeoutMs: 5000 }, () => {})
  })

  afterAll(async () => {
    await database.close()
    await bench.close()
  })

  it('warns of mails that wait for longer than a quarter of an hour, and of those given up within a day', async () => {
    const checked = async () => {
      const { status, finding } = await checkOutbox(database, bench.world.now())
      return [status, ...finding.matchAll(/\d+/g)].map(String).filter((word) => word !== '15')
    }
    expect(await checked()).toEqual(['ok', '0', '0', '0'])
    await bench.order('ada@people.test')
    bench.pass(15 * 60)
    expect(await checked()).toEqual(['ok', '1', '0', '0'])
    bench.pass(1)
    expect(await checked()).toEqual(['warn', '1', '1', '0'])
    const refusing = await openMailbox()
    refusing.behave({ does: 'refuse', status: 550 })
    const instance = await bench.instance(refusing.url)
    await instance.deliver()
    expect(await checked()).toEqual(['warn', '0', '0', '1'])
    bench.pass(86_401)
    expect(await checked()).toEqual(['ok', '0', '0', '0'])
    await refusing.close()
  })
})
