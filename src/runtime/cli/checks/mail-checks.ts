import type { MailSettings } from '../../../settings/mail.ts'
import { countOutbox } from '../../../store/diagnosis.ts'
import { readTemplates } from '../../mail/read-templates.ts'
import { type SmtpFault, smtpFault } from '../../mail/smtp-sender.ts'
import type { BareDatabase } from '../../postgres.ts'
import { StartError } from '../../start-error.ts'
import type { Check } from './check.ts'

/** A mail that still waits after this has met something: a server that takes it needs seconds. */
const LATE_MS = 15 * 60_000
const GIVEN_UP_WITHIN_MS = 86_400_000

/** Says whether the mail server would take a mail of ours, TLS and password included. None is sent. */
export async function checkMail({ smtp, printed }: MailSettings): Promise<Check> {
  const check = 'mail'
  if (smtp === undefined) {
    const finding = printed
      ? 'Mails are only printed to the log, links and codes and all.'
      : 'Nothing sends mails: they wait in the outbox.'
    return { check, status: 'warn', finding, remedy: 'Set SMTP_URL and MAIL_FROM.' }
  }
  const { host } = new URL(smtp.url)
  const fault = await smtpFault(smtp)
  if (fault === undefined) {
    return { check, status: 'ok', finding: `${host} takes mails of ${smtp.from.address}.` }
  }
  const said = fault.status === undefined ? fault.name : `${fault.name}, ${fault.status}`
  return {
    check,
    status: 'fail',
    finding: `${host} does not take our mails (${said}).`,
    remedy: cureOf(fault),
  }
}

function cureOf({ name }: SmtpFault): string {
  return smtpCures[name] ?? 'Check SMTP_URL, and that the mail server runs and is reachable from here.'
}

const smtpCures: Readonly<Record<string, string>> = {
  EAUTH: 'Check user name and password in SMTP_URL: %, @, : and / in them are percent-encoded.',
  EDNS: 'Check the host in SMTP_URL: its name is unknown here.',
  ETLS: 'The server offers no STARTTLS, or its certificate is not good for its name: smtps:// or NODE_EXTRA_CA_CERTS may be meant.',
  ESOCKET:
    'Nothing listens there, or the certificate is not good for the name: see the port, smtp:// against smtps://, and NODE_EXTRA_CA_CERTS.',
}

/** Says whether the operator's own templates can be used: a start with others fails. */
export async function checkTemplates(folder: string): Promise<Check> {
  const check = 'templates'
  try {
    const own = await readTemplates(folder)
    return { check, status: 'ok', finding: `${own.size} of your own can be used.` }
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    return { check, status: 'fail', finding: error.message, remedy: 'No gateway starts with these.' }
  }
}

/** Counts the mails that wait for too long, and those that were given up within a day. */
export async function checkOutbox({ db }: BareDatabase, now: Date): Promise<Check> {
  const check = 'outbox'
  const { waiting, late, givenUp } = await countOutbox(db, {
    lateBefore: new Date(now.getTime() - LATE_MS),
    givenUpSince: new Date(now.getTime() - GIVEN_UP_WITHIN_MS),
  })
  const finding = `${waiting} wait, ${late} of them for more than ${LATE_MS / 60_000} minutes; ${givenUp} were given up within a day.`
  if (late === 0 && givenUp === 0) return { check, status: 'ok', finding }
  const remedy = 'Does a gateway run that can send them? Its log has the status of each attempt.'
  return { check, status: 'warn', finding, remedy }
}
