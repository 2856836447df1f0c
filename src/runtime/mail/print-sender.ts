import type { Logger } from 'pino'
import { type Rendering, renderMail } from '../../mail/render-mail.ts'
import type { SendMail } from './send-mail.ts'

/** Prints mails to the log, links and codes and all: for a developer's machine alone. */
export function printSender(logger: Logger, rendering: Rendering): SendMail {
  return async (mail) => {
    const { subject, text } = renderMail(mail, rendering)
    logger.info({ mailId: mail.id, kind: mail.kind, to: mail.to, subject, text }, 'mail')
    return { sent: true }
  }
}
