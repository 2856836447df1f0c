import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mailLocales } from '../../src/mail/mail-locale.ts'
import { mailKinds } from '../../src/mail/placeholders.ts'
import { renderMail } from '../../src/mail/render-mail.ts'
import { createVault } from '../../src/runtime/vault.ts'
import { type MailBench, openMailBench } from '../support/mail-bench.ts'
import { aMail } from '../support/mail-samples.ts'
import { linkIn, type Mailbox, openMailbox } from '../support/mailbox.ts'

let bench: MailBench
let mailbox: Mailbox

beforeAll(async () => {
  bench = await openMailBench()
})

beforeEach(async () => {
  await bench.database.query('truncate mail_outbox')
  mailbox = await openMailbox()
})

afterEach(() => mailbox.close())

afterAll(() => bench.close())

const rowOf = async (id: string) =>
  (await bench.database.query('select * from mail_outbox where id = $1', [id]))[0]!

const messages = (lines: readonly Record<string, unknown>[]) => lines.map(({ msg }) => msg)

describe('a mail', () => {
  it('arrives as text and HTML, from us, and as a machine sends it', async () => {
    const id = await bench.order('ada@people.test', 'password-reset', { locale: 'fr', name: 'Zoë' })
    const instance = await bench.instance(mailbox.url)
    await instance.deliver()
    const mail = await mailbox.next('ada@people.test')
    expect(mail).toMatchObject({
      from: { name: 'Guichet', address: 'no-reply@gateway.test' },
      to: [{ address: 'ada@people.test' }],
      recipients: ['ada@people.test'],
      subject: 'Choisissez un nouveau mot de passe pour gateway.test',
      messageId: `<${id}@gateway.test>`,
    })
    expect(new Date(mail.date ?? '')).toEqual(new Date('2026-01-01T12:00:00Z'))
    const headers = new Map(mail.headers.map(({ key, value }) => [key, value]))
    expect(headers.get('auto-submitted')).toBe('auto-generated')
    expect(headers.get('content-language')).toBe('fr')
    expect(linkIn(mail).href).toBe('https://gateway.test/account/reset#token=a%2Btoken%2Fof~ours')
    expect(mail.text).toContain('Bonjour Zoë,')
    expect(mail.html).toContain('<html lang="fr">')
    expect(await rowOf(id)).toMatchObject({ sent_at: bench.world.now(), sealed_message: '' })
    expect(instance.lines).toMatchObject([{ msg: 'mail sent', mailId: id, kind: 'password-reset' }])
  })

  it('of every kind and language arrives as it was written', async () => {
    const all = mailKinds.flatMap((kind) => mailLocales.map((locale) => ({ kind, locale })))
    for (const { kind, locale } of all) await bench.order(`${kind}.${locale}@people.test`, kind, { locale })
    await (await bench.instance(mailbox.url)).deliver()
    expect(mailbox.mails).toHaveLength(all.length)
    for (const { kind, locale } of all) {
      const mail = await mailbox.next(`${kind}.${locale}@people.test`)
      const written = renderMail(aMail(kind, { locale, name: undefined }), {
        baseUrl: 'https://gateway.test',
        own: new Map(),
      })
      expect(mail.subject).toBe(written.subject)
      expect(mail.text?.trim()).toBe(written.text.trim())
      expect(mail.html?.trim()).toBe(written.html?.trim())
    }
  })

  it.each([
    'ada@people.test\r\nRCPT TO:<victim@people.test>',
    'ada@people.test, victim@people.test',
    'Ada <ada@people.test>, victim@people.test',
    '<ada@people.test> victim@people.test',
    'group:ada@people.test,victim@people.test;',
    'ada@people.test\u0000',
    'ada',
  ])('to what is not exactly one address goes to nobody: %j', async (to) => {
    const id = await bench.order(to)
    const instance = await bench.instance(mailbox.url)
    await instance.deliver()
    expect(mailbox.connections()).toBe(0)
    expect(await rowOf(id)).toMatchObject({ last_error: 'EADDRESS', failed_at: bench.world.now() })
    expect(JSON.stringify(instance.lines)).not.toContain('people.test')
  })

  it('to an address with its own script and domain arrives', async () => {
    await bench.order('zoë@bücher.test')
    await (await bench.instance(mailbox.url)).deliver()
    expect(mailbox.mails[0]?.recipients[0]).toMatch(/^zoë@(?:bücher|xn--bcher-kva)\.test$/)
  })

  it('with a name that holds a header has no such header', async () => {
    await bench.order('ada@people.test', 'password-reset', { name: 'Ada\r\nBcc: victim@people.test' })
    await (await bench.instance(mailbox.url)).deliver()
    const mail = await mailbox.next('ada@people.test')
    expect(mail.recipients).toEqual(['ada@people.test'])
    expect(mail.raw).not.toContain('victim')
  })

  it('whose link is dead by now is given up unsent', async () => {
    const expiresAt = new Date(bench.world.now().getTime() + 1000).toISOString()
    const [dies, lives] = [
      await bench.order('dies@people.test', 'password-reset', { facts: { token: 't', expiresAt } }),
      await bench.order('lives@people.test'),
    ]
    bench.pass(1)
    await (await bench.instance(mailbox.url)).deliver()
    expect(mailbox.mails.map(({ recipients }) => recipients)).toEqual([['lives@people.test']])
    expect(await rowOf(dies)).toMatchObject({ last_error: 'expired', sealed_message: '' })
    expect(await rowOf(lives)).toMatchObject({ last_error: null })
  })

  it('that was sealed under a secret we no longer have, or for another row, is given up', async () => {
    const [lost, swapped, other] = [
      await bench.order('a@people.test'),
      await bench.order('b@people.test'),
      await bench.order('c@people.test'),
    ]
    const sealed = createVault(['another secret of more than thirty-two characters']).seal('mail', '{}')
    await bench.database.query('update mail_outbox set sealed_message = $2 where id = $1', [lost, sealed])
    await bench.database.query(
      'update mail_outbox set sealed_message = (select sealed_message from mail_outbox where id = $2) where id = $1',
      [swapped, other],
    )
    await (await bench.instance(mailbox.url)).deliver()
    for (const id of [lost, swapped]) expect(await rowOf(id)).toMatchObject({ last_error: 'unreadable' })
    expect(mailbox.mails.map(({ recipients }) => recipients)).toEqual([['c@people.test']])
  })
})

describe('a mail server', () => {
  it('that is down gets each mail once when it is back', async () => {
    await mailbox.shut()
    const ids = [await bench.order('ada@people.test'), await bench.order('bob@people.test')]
    const instance = await bench.instance(mailbox.url)
    await instance.deliver()
    for (const id of ids) expect(await rowOf(id)).toMatchObject({ sent_at: null, attempts: 1 })
    await mailbox.open()
    for (let round = 0; round < 3; round++) {
      bench.pass(8)
      await instance.deliver()
    }
    expect(mailbox.mails.map(({ recipients }) => recipients[0]).sort()).toEqual([
      'ada@people.test',
      'bob@people.test',
    ])
    expect(messages(instance.lines)).toEqual([
      ...Array(2).fill('mail not sent yet; it will be tried again'),
      ...Array(2).fill('mail sent'),
    ])
  })

  it('that refuses the recipient for good is not asked again, and the log says so without a name', async () => {
    mailbox.behave({ does: 'refuse', status: 550 })
    const id = await bench.order('ada@people.test')
    const instance = await bench.instance(mailbox.url)
    await instance.deliver()
    expect(instance.lines).toMatchObject([
      { level: 50, msg: 'mail given up', mailId: id, kind: 'password-changed', status: '550', attempts: 1 },
    ])
    expect(JSON.stringify(instance.lines)).not.toContain('ada')
    expect(await rowOf(id)).toMatchObject({ sealed_message: '', last_error: '550' })
    mailbox.behave({ does: 'accept' })
    bench.pass(86_400)
    await instance.deliver()
    expect(mailbox.mails).toEqual([])
  })

  it('that refuses for now is asked again after five seconds and a bit, and later each time', async () => {
    mailbox.behave({ does: 'refuse', status: 451 })
    const id = await bench.order('ada@people.test')
    const instance = await bench.instance(mailbox.url)
    for (const seconds of [5, 15, 45, 135, 405, 1215, 3645, 7200, 7200]) {
      await instance.deliver()
      const { next_attempt_at: next, last_error: error } = await rowOf(id)
      const wait = ((next as Date).getTime() - bench.world.now().getTime()) / 1000
      expect(wait).toBeGreaterThanOrEqual(seconds)
      expect(wait).toBeLessThanOrEqual(seconds * 1.5)
      expect(error).toBe('451')
      const asked = mailbox.connections()
      bench.pass(wait - 0.001)
      await instance.deliver()
      expect(mailbox.connections()).toBe(asked)
      bench.pass(0.001)
    }
    mailbox.behave({ does: 'accept' })
    await instance.deliver()
    expect(mailbox.mails).toHaveLength(1)
  })

  it('is given a day, and then the mail is given up', async () => {
    mailbox.behave({ does: 'refuse', status: 451 })
    const id = await bench.order('ada@people.test')
    const instance = await bench.instance(mailbox.url)
    for (let hour = 0; hour < 25; hour++) {
      await instance.deliver()
      bench.pass(3600)
    }
    expect(await rowOf(id)).toMatchObject({ last_error: '451', failed_at: expect.anything() })
    expect(messages(instance.lines).at(-1)).toBe('mail given up')
  })

  it('that hangs up instead of saying that it took the mail gets it again under the same Message-ID', async () => {
    mailbox.behave({ does: 'drop' })
    await bench.order('ada@people.test')
    const instance = await bench.instance(mailbox.url)
    await instance.deliver()
    mailbox.behave({ does: 'accept' })
    bench.pass(8)
    await instance.deliver()
    const [first, second] = mailbox.mails
    expect(mailbox.mails).toHaveLength(2)
    expect(first?.messageId).toBe(second?.messageId)
    expect(first?.date).toBe(second?.date)
  })

  it('is told our password, and one that no longer takes it gets its mails when it does again', async () => {
    const guarded = await openMailbox({ password: 'canary/password@1' })
    try {
      await bench.order('ada@people.test')
      const outdated = await bench.instance(guarded.url.replace('canary', 'wrong-canary'))
      await outdated.deliver()
      expect(outdated.lines).toMatchObject([{ level: 40, status: '535' }])
      expect(JSON.stringify(outdated.lines)).not.toMatch(/canary|mailer/)
      bench.pass(8)
      await (await bench.instance(guarded.url)).deliver()
      expect(guarded.mails).toHaveLength(1)
    } finally {
      await guarded.close()
    }
  })

  it('that is silent delays no mail that is put into the outbox, and is let go of when the process must', async () => {
    mailbox.behave({ does: 'stall' })
    const instance = await bench.instance(mailbox.url)
    for (let count = 0; count < 6; count++) await bench.order(`ada${count}@people.test`)
    await instance.look()
    const since = performance.now()
    const id = await bench.order('late@people.test')
    expect(performance.now() - since).toBeLessThan(1000)
    instance.close()
    instance.cutOff()
    await instance.settled()
    expect(await rowOf(id)).toMatchObject({ attempts: 0 })
    const waiting = await bench.database.query('select last_error from mail_outbox where attempts = 1')
    expect(waiting).toEqual(Array(5).fill({ last_error: 'EABORT' }))
    mailbox.behave({ does: 'accept' })
    bench.pass(8)
    await (await bench.instance(mailbox.url)).deliver()
    expect(mailbox.mails).toHaveLength(7)
  })

  it('that somebody else plays without TLS is not told the password', async () => {
    const server = createServer((socket) => {
      socket.write('220 relay.test\r\n')
      socket.on('data', (chunk) => {
        heard.push(String(chunk))
        socket.write(String(chunk).startsWith('EHLO') ? '250-relay.test\r\n250 AUTH PLAIN\r\n' : '250 ok\r\n')
      })
      socket.on('error', () => {})
    })
    const heard: string[] = []
    server.listen(0, '0.0.0.0')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    try {
      await bench.order('ada@people.test')
      // An address of this machine that does not look like one.
      const instance = await bench.instance(`smtp://me:canary@0.0.0.0:${port}`)
      await instance.deliver()
      expect(instance.lines).toMatchObject([{ level: 40, status: expect.stringMatching(/^(?:250|E)/) }])
      expect(heard.join('')).toMatch(/EHLO.*STARTTLS/s)
      expect(heard.join('')).not.toContain('AUTH')
    } finally {
      server.close()
    }
  })
})

describe('two instances', () => {
  it('send each mail once', async () => {
    const instances = await Promise.all([1, 2].map(() => bench.instance(mailbox.url)))
    for (let count = 0; count < 40; count++) await bench.order(`person${count}@people.test`)
    await Promise.all(instances.map((instance) => instance.deliver()))
    const recipients = mailbox.mails.map(({ recipients }) => recipients[0])
    expect(recipients).toHaveLength(40)
    expect(new Set(recipients).size).toBe(40)
    for (const { lines } of instances) expect(lines.length).toBeGreaterThan(0)
  })
})
