import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeCertificate } from '../support/certificate.ts'
import { deliverMails } from '../support/deliver-mails.ts'
import { type MailBench, openMailBench } from '../support/mail-bench.ts'
import { openMailbox } from '../support/mailbox.ts'

const { key, cert } = makeCertificate()
const trusted = getCACertificates('default')
let bench: MailBench

beforeAll(async () => {
  bench = await openMailBench()
})

beforeEach(() => bench.database.query('truncate mail_outbox'))

afterEach(() => setDefaultCACertificates(trusted))

afterAll(() => bench.close())

describe.each(['the start', 'STARTTLS'] as const)('a mail server with TLS from %s', (from) => {
  it('gets password and mail when its certificate is good', async () => {
    setDefaultCACertificates([...trusted, cert.toString('utf8')])
    const mailbox = await openMailbox({ password: 'hush', tls: { key, cert, from } })
    await bench.order('ada@people.test')
    await deliverMails(bench.world, mailbox)
    expect(mailbox.mails).toHaveLength(1)
    await mailbox.close()
  })

  it('gets nothing when nobody vouches for its certificate, and the mail waits', async () => {
    const mailbox = await openMailbox({ password: 'hush', tls: { key, cert, from } })
    await bench.order('ada@people.test')
    await deliverMails(bench.world, mailbox)
    expect(mailbox.mails).toEqual([])
    const rows = await bench.database.query('select sent_at, failed_at, last_error from mail_outbox')
    expect(rows).toEqual([{ sent_at: null, failed_at: null, last_error: expect.stringMatching(/^E/) }])
    await mailbox.close()
  })
})
