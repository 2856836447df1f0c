import type { Mail } from '../../core/accounts/mail.ts'
import type { SendOutcome } from '../../core/mail/deliver.ts'

/** One attempt to hand a mail on. It never throws, and ends soon after the signal. */
export type SendMail = (mail: Mail, signal: AbortSignal) => Promise<SendOutcome>
