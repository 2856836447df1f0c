import type { Mail, Sms } from '../../core/accounts/mail.ts'
import type { SendOutcome } from '../../core/mail/deliver.ts'

/** One attempt to hand a mail on. It never throws, and ends soon after the signal. */
export type SendMail = (mail: Mail, signal: AbortSignal) => Promise<SendOutcome>

/** The same to a telephone. */
export type SendSms = (sms: Sms, signal: AbortSignal) => Promise<SendOutcome>

/** By what messages leave; what cannot waits in the outbox. */
export interface Senders {
  readonly send: SendMail | undefined
  readonly sendSms?: SendSms | undefined
}
