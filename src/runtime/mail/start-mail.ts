import type { Logger } from 'pino'
import type { World } from '../../core/ports.ts'
import type { OwnTemplates } from '../../mail/render-mail.ts'
import type { Settings } from '../../settings/settings.ts'
import { repeat } from '../repeat.ts'
import { createMailDelivery, lookComplaint } from './mail-delivery.ts'
import { printSender } from './print-sender.ts'
import type { Senders, SendMail } from './send-mail.ts'
import { smtpSender } from './smtp-sender.ts'
import { webhookSms } from './webhook-sms.ts'

/** Mails of other instances, and those whose time has come. */
const LOOK_EVERY_MS = 2000

/** A mail is announced before its transaction commits, which takes less than this; if not, the next look finds it. */
const COMMIT_MS = 50

/** How long mails that are on their way may take when the process is to end; what is cut off is sent again later. */
const STOP_GRACE_MS = 2000

export interface RunningMail {
  /** Looks into the outbox in a moment. */
  readonly wake: () => void
  readonly stop: () => Promise<void>
}

/** How mails leave, by the settings; undefined, and told in the log, where they cannot. */
export async function findMailSender(
  { mail, policy, basePath }: Pick<Settings, 'mail' | 'policy' | 'basePath'>,
  { own, logger }: { readonly own: OwnTemplates; readonly logger: Logger },
): Promise<SendMail | undefined> {
  const rendering = { baseUrl: policy.issuer + basePath, own }
  if (mail.smtp !== undefined) return smtpSender(mail.smtp, rendering)
  if (mail.printed) return printSender(logger, rendering)
  logger.warn('no mail can be sent: mails wait in the outbox until SMTP_URL and MAIL_FROM are set')
  return undefined
}

/** How mails and codes leave, by the settings; undefined where neither can. */
export async function findSenders(
  settings: Pick<Settings, 'mail' | 'policy' | 'basePath' | 'smsWebhook'>,
  around: { readonly own: OwnTemplates; readonly logger: Logger },
): Promise<Senders | undefined> {
  const send = await findMailSender(settings, around)
  const { smsWebhook, policy } = settings
  const sendSms = smsWebhook && webhookSms(smsWebhook, policy.issuer)
  return send === undefined && sendSms === undefined ? undefined : { send, sendSms }
}

/** Delivers mails on Node for as long as the process runs. */
export function startMail({
  world,
  senders,
  logger,
}: {
  readonly world: World
  readonly senders: Senders
  readonly logger: Logger
}): RunningMail {
  const ending = new AbortController()
  const delivery = createMailDelivery({ world, ...senders, logger, signal: ending.signal })
  const looking = repeat({ everyMs: LOOK_EVERY_MS, work: delivery.look, complaint: lookComplaint }, logger)
  let soon: NodeJS.Timeout | undefined
  return {
    wake() {
      soon ??= setTimeout(() => {
        soon = undefined
        // What goes wrong here goes wrong in the next round too, which tells.
        delivery.look().catch(() => {})
      }, COMMIT_MS)
    },
    async stop() {
      clearTimeout(soon)
      delivery.close()
      const cutOff = setTimeout(() => ending.abort(), STOP_GRACE_MS)
      await looking.stop()
      await delivery.settled()
      clearTimeout(cutOff)
    },
  }
}
