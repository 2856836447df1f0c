import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { deliverMails } from '../support/deliver-mails.ts'
import { type MailBench, openMailBench } from '../support/mail-bench.ts'
import { openMailbox } from '../support/mailbox.ts'

const folder = mkdtempSync(join(tmpdir(), 'guichet-mail-tls-'))
const trusted = getCACertificates('default')
let bench: MailBench
let key: Buffer
let cert: Buffer

beforeAll(async () => {
  const [keyFile, certFile] = ['key.pem', 'cert.pem'].map((name) => join(folder, name)) as [string, string]
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
      .concat(['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'])
      .concat(['-keyout', keyFile, '-out', certFile]),
    { stdio: 'ignore' },
  )
  key = readFileSync(keyFile)
  cert = readFileSync(certFile)
  bench = await openMailBench()
})

beforeEach(() => bench.database.query('truncate mail_outbox'))

afterEach(() => setDefaultCACertificates(trusted))

afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

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
