import { smsText } from '../../mail/sms-text.ts'
import { postWebhook, type Webhook } from '../post-webhook.ts'
import type { SendSms } from './send-mail.ts'

/** The whole of an attempt, well inside the lease of the message. */
const ATTEMPT_MAX_MS = 10_000

/** Hands messages for telephones to the operator's webhook, which passes them on by a service of theirs. */
export function webhookSms(webhook: Webhook, baseUrl: string): SendSms {
  return async (sms, stop) => {
    const { code, expiresAt, channel } = sms.facts
    const body = JSON.stringify({
      type: 'sms.send',
      timestamp: sms.createdAt.toISOString(),
      data: {
        to: `+${sms.to}`,
        text: smsText(sms, baseUrl),
        code,
        channel,
        locale: sms.locale,
        expires_at: expiresAt,
      },
      // As a receiver that was written for Supabase Auth reads it.
      user: { phone: sms.to },
      sms: { otp: code },
    })
    const signal = AbortSignal.any([stop, AbortSignal.timeout(ATTEMPT_MAX_MS)])
    try {
      const { ok, status } = await postWebhook(webhook, { id: sms.id, body, signal })
      // A refusal of this message for good; all else may be over at the next attempt.
      const final = status === 400 || status === 413 || status === 422
      return ok ? { sent: true } : { sent: false, status: String(status), final }
    } catch (fault) {
      const late = fault instanceof Error && fault.name === 'TimeoutError'
      return { sent: false, status: late ? 'ETIMEDOUT' : 'EWEBHOOK', final: false }
    }
  }
}
