import pino from 'pino'
import type { World } from '../../src/core/ports.ts'
import { createMailDelivery } from '../../src/runtime/mail/mail-delivery.ts'
import { smtpSender } from '../../src/runtime/mail/smtp-sender.ts'
import type { Mailbox } from './mailbox.ts'

/** Sends what waits in the outbox of a gateway in this process, by its own clock, to a mailbox. */
export async function deliverMails(
  world: World,
  { url }: Pick<Mailbox, 'url'>,
  baseUrl = 'https://gateway.test',
): Promise<void> {
  const from = { name: 'Guichet', address: 'no-reply@gateway.test' }
  const send = await smtpSender({ url, from }, { baseUrl, own: new Map() })
  const logger = pino({ level: 'silent' })
  const delivery = createMailDelivery({ world, send, logger, signal: new AbortController().signal })
  await delivery.look()
  await delivery.settled()
}
