import type { Transporter } from 'nodemailer'
import type { Mail } from '../../core/accounts/mail.ts'
import type { SendOutcome } from '../../core/mail/deliver.ts'
import { type Rendering, renderMail } from '../../mail/render-mail.ts'
import { type MailAddress, type MailSettings, parseMailAddress } from '../../settings/mail.ts'
import type { SendMail } from './send-mail.ts'

const CONNECT_MAX_MS = 10_000
const SILENCE_MAX_MS = 20_000
/** The whole of an attempt, well inside the lease of the mail. */
const ATTEMPT_MAX_MS = 45_000

export type SmtpSettings = NonNullable<MailSettings['smtp']>

/** Hands mails to a mail server, a connection each: accounts send few, and none is left open between two. */
export async function smtpSender({ url, from }: SmtpSettings, rendering: Rendering): Promise<SendMail> {
  const transport = await openTransport(url)
  return async (mail, stop) => {
    const to = parseMailAddress(mail.to)
    if (to === undefined) return { sent: false, status: 'EADDRESS', final: true }
    const signal = AbortSignal.any([stop, AbortSignal.timeout(ATTEMPT_MAX_MS)])
    try {
      await transport.sendMail({ ...message(mail, { from, to: to.address, rendering }), signal })
      return { sent: true }
    } catch (error) {
      return outcomeOf(error)
    }
  }
}

/** Why a mail server would take no mail of ours: what broke, and the SMTP status where it said one. */
export interface SmtpFault {
  readonly name: string
  readonly status: number | undefined
}

/** Connects as for a mail, TLS and password included, and sends none. Undefined where the server is content. */
export async function smtpFault({ url }: SmtpSettings): Promise<SmtpFault | undefined> {
  const transport = await openTransport(url)
  try {
    await transport.verify()
    return undefined
  } catch (error) {
    return faultOf(error)
  } finally {
    transport.close()
  }
}

async function openTransport(url: string): Promise<Transporter> {
  // Loaded where it is used: many gateways send no mail.
  const { createTransport } = await import('nodemailer')
  return createTransport({
    ...connectionTo(new URL(url)),
    connectionTimeout: CONNECT_MAX_MS,
    greetingTimeout: CONNECT_MAX_MS,
    dnsTimeout: CONNECT_MAX_MS,
    socketTimeout: SILENCE_MAX_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

function connectionTo(url: URL) {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const secure = url.protocol === 'smtps:'
  const user = decodeURIComponent(url.username)
  return {
    host,
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    // Without it whoever stands between us could take STARTTLS away, and read the password.
    requireTLS: !secure && user !== '' && !/^(?:localhost|127\.|::1$)/.test(host),
    ...(user !== '' && { auth: { user, pass: decodeURIComponent(url.password) } }),
  }
}

function message(
  mail: Mail,
  { from, to, rendering }: { readonly from: MailAddress; readonly to: string; readonly rendering: Rendering },
): Parameters<Transporter['sendMail']>[0] {
  const { locale, subject, text, html } = renderMail(mail, rendering)
  return {
    from,
    to: { name: '', address: to },
    envelope: { from: from.address, to: [to] },
    subject,
    text,
    ...(html !== undefined && { html }),
    // The same at every attempt: whoever gets a mail twice, since an answer was lost, can tell.
    messageId: `<${mail.id}@${hostOf(from)}>`,
    date: mail.createdAt,
    headers: {
      'Content-Language': locale,
      // No answers of machines to a machine (RFC 3834 §5).
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
  }
}

/** In ASCII, as a Message-ID must be. */
function hostOf({ address }: MailAddress): string {
  return URL.parse(`http://${address.replace(/^.*@/, '')}`)?.hostname ?? 'localhost'
}

function outcomeOf(error: unknown): SendOutcome {
  const { command } = (error ?? {}) as Readonly<Record<string, unknown>>
  const { name, status } = faultOf(error)
  // Of this recipient or this message. What the server says to us ourselves the operator can mend within the day.
  const final = status !== undefined && status >= 500 && (command === 'RCPT TO' || command === 'DATA')
  return { sent: false, status: status?.toString() ?? name, final }
}

/** What can be told of a failure. Its message quotes the server, and servers quote addresses. */
function faultOf(error: unknown): SmtpFault {
  const { code, responseCode } = (error ?? {}) as Readonly<Record<string, unknown>>
  const name = typeof code === 'string' && /^E[A-Z0-9]{2,20}$/.test(code) ? code : 'EUNKNOWN'
  const status = typeof responseCode === 'number' && responseCode > 0 ? responseCode : undefined
  return { name, status }
}
