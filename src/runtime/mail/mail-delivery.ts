import type { Logger } from 'pino'
import type { Mail, Sms } from '../../core/accounts/mail.ts'
import {
  type ClaimedMail,
  claimDueMails,
  deliverMail,
  type MailReport,
  type SendOutcome,
} from '../../core/mail/deliver.ts'
import type { World } from '../../core/ports.ts'
import { describeFault } from '../log.ts'
import type { Senders } from './send-mail.ts'

/** So many mails are on their way at once, of one process. */
const CONCURRENCY = 5

export interface MailDelivery {
  /** Takes what is due, as far as there are hands for it; the sending goes on by itself. */
  readonly look: () => Promise<void>
  /** Resolves when nothing is on its way. */
  readonly settled: () => Promise<void>
  /** Takes nothing more; what is on its way goes on. */
  readonly close: () => void
}

export interface MailDeliveryParts extends Senders {
  readonly world: Pick<World, 'now' | 'store' | 'vault'>
  readonly logger: Logger
  /** Cuts off what is on its way: it will be sent again later. */
  readonly signal: AbortSignal
}

/** Brings mails from the outbox to the mail server: a slow one holds up the hand that has it and no other. */
export function createMailDelivery({
  world,
  send,
  sendSms,
  logger,
  signal,
}: MailDeliveryParts): MailDelivery {
  const only = send === undefined ? 'sms' : sendSms === undefined ? 'mail' : undefined
  const underway = new Set<Promise<void>>()
  let moreMayWait = false
  let askedAgain = false
  let looking: Promise<void> | undefined
  let closed = false

  /** One look at a time; who asks meanwhile is answered by a further one, which sees what has come since. */
  function look(): Promise<void> {
    askedAgain = true
    looking ??= takeWhileAsked().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function takeWhileAsked(): Promise<void> {
    while (askedAgain && !closed) {
      askedAgain = false
      const hands = CONCURRENCY - underway.size
      moreMayWait = hands === 0
      if (hands === 0) return
      const claimed = await claimDueMails(world, { limit: hands, only })
      moreMayWait = claimed.length === hands
      for (const mail of claimed) start(mail)
    }
  }

  async function hand(message: Mail | Sms): Promise<SendOutcome> {
    const outcome = message.kind === 'sms-code' ? sendSms?.(message, signal) : send?.(message, signal)
    return (await outcome) ?? { sent: false, status: 'EUNSENT', final: false }
  }

  function start(mail: ClaimedMail): void {
    const sending: Promise<void> = deliverMail(world, mail, hand)
      .then((report) => tell(logger, report))
      .catch((fault) => {
        logger.warn({ mailId: mail.id, fault: describeFault(fault) }, 'a mail could not be looked after')
      })
      .finally(() => underway.delete(sending))
      .then(() => {
        if (!moreMayWait || closed) return
        return look().catch((fault) => {
          logger.warn({ fault: describeFault(fault) }, lookComplaint)
        })
      })
    underway.add(sending)
  }

  return {
    look,
    close() {
      closed = true
    },
    async settled() {
      while (looking !== undefined || underway.size > 0) await Promise.allSettled([looking, ...underway])
    },
  }
}

export const lookComplaint = 'the outbox of mails could not be looked at; the next round will'

/** By id and kind: neither the recipient nor a word of the mail, nor what the server said about them. */
function tell(logger: Logger, { state, ...report }: MailReport): void {
  if (state === 'sent') logger.info(report, 'mail sent')
  if (state === 'waiting') logger.warn(report, 'mail not sent yet; it will be tried again')
  if (state === 'failed') logger.error(report, 'mail given up')
}
