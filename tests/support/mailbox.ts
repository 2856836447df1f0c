import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

export interface ReceivedMail extends Email {
  /** Whom the mail server was told to give it to. */
  readonly recipients: readonly string[]
  /** The mail as it came, headers and all. */
  readonly raw: string
}

/** What the mail server does with the mails that come from now on. */
export type MailboxManner =
  | { readonly does: 'accept' }
  /** Answers this status at RCPT TO. */
  | { readonly does: 'refuse'; readonly status: number }
  /** Takes the connection and never says a word. */
  | { readonly does: 'stall' }
  /** Takes the whole mail in, and hangs up instead of saying so. */
  | { readonly does: 'drop' }

export interface Mailbox {
  /** For SMTP_URL. */
  readonly url: string
  /** All mails so far, in the order in which they came. */
  readonly mails: readonly ReceivedMail[]
  /** How often somebody has connected. */
  readonly connections: () => number
  readonly behave: (manner: MailboxManner) => void
  /** The next mail to an address, of a subject, that nobody has asked for yet; waits until there is one. */
  readonly next: (address: string, subject?: RegExp) => Promise<ReceivedMail>
  /** Stops listening, as a server that is down; `open` listens again at the same port. */
  readonly shut: () => Promise<void>
  readonly open: () => Promise<void>
  readonly close: () => Promise<void>
}

export interface MailboxOptions {
  /** What the user `mailer` must show. */
  readonly password?: string
  /** With a certificate it speaks TLS: from the start, or when it is asked to. */
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer; readonly from: 'the start' | 'STARTTLS' }
}

/** A real SMTP server on loopback that keeps what it is sent. */
export async function openMailbox({ password: wanted, tls }: MailboxOptions = {}): Promise<Mailbox> {
  const mails: ReceivedMail[] = []
  const taken = new Set<ReceivedMail>()
  const arrivals = new EventEmitter()
  arrivals.setMaxListeners(0)
  let manner: MailboxManner = { does: 'accept' }
  let connected = 0
  let port = 0
  let server = listen()

  function listen(): SMTPServer {
    const made = new SMTPServer({
      ...(tls ?? { disabledCommands: ['STARTTLS'] }),
      secure: tls?.from === 'the start',
      authOptional: wanted === undefined,
      allowInsecureAuth: tls === undefined,
      logger: false,
      onConnect(_session, greet) {
        connected++
        arrivals.emit('connection')
        if (manner.does !== 'stall') greet()
      },
      onAuth({ password }, _session, done) {
        if (password === wanted) done(null, { user: 'known' })
        else done(new Error('535 canary@server.test is not welcome'))
      },
      onRcptTo({ address }, _session, done) {
        if (manner.does !== 'refuse') return done()
        done(Object.assign(new Error(`no <${address}> here`), { responseCode: manner.status }))
      },
      async onData(stream, session, done) {
        const raw = await buffer(stream).catch(() => undefined)
        // Whoever hangs up in the middle has sent no mail.
        if (raw === undefined) return
        const { rcptTo } = session.envelope
        const mail = {
          ...(await PostalMime.parse(raw)),
          recipients: rcptTo.map(({ address }) => address),
          raw: raw.toString('utf8'),
        }
        mails.push(mail)
        arrivals.emit('mail')
        if (manner.does === 'drop') for (const connection of made.connections) connection.close()
        else done()
      },
    })
    // A client that hangs up in the middle is no news here.
    made.on('error', () => {})
    return made
  }

  async function open(): Promise<void> {
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', () => done()))
    port = (server.server.address() as AddressInfo).port
  }

  async function shut(): Promise<void> {
    // Those that it stalls would never end by themselves.
    for (const connection of server.connections) connection.close()
    await new Promise<void>((done) => server.close(() => done()))
    server = listen()
  }

  await open()
  const user = wanted === undefined ? '' : `mailer:${encodeURIComponent(wanted)}@`
  const scheme = tls?.from === 'the start' ? 'smtps' : 'smtp'
  return {
    url: `${scheme}://${user}${tls === undefined ? '127.0.0.1' : 'localhost'}:${port}`,
    mails,
    connections: () => connected,
    behave(next) {
      manner = next
    },
    async next(address, subject = /(?:)/) {
      const isIt = (one: ReceivedMail) => one.recipients.includes(address) && subject.test(one.subject ?? '')
      for (;;) {
        const mail = mails.find((one) => !taken.has(one) && isIt(one))
        if (mail !== undefined) {
          taken.add(mail)
          return mail
        }
        await once(arrivals, 'mail')
      }
    },
    shut,
    open,
    close: shut,
  }
}

/** The link of a mail, as its text has it. */
export function linkIn(mail: ReceivedMail): URL {
  const [link] = mail.text?.match(/https?:\/\/\S+#token=\S+/) ?? []
  if (link === undefined) throw new Error(`No link in: ${mail.text}`)
  return new URL(link)
}
