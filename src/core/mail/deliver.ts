import { type Mail, type MessageKind, openMail, type QueuedMail, type Sms } from '../accounts/mail.ts'
import type { World } from '../ports.ts'
import { nextAttemptAt } from './retry.ts'

/** Longer than any attempt may take: while it lasts no other instance takes the mail. */
const LEASE_MS = 120_000

/** A mail that this process alone may send until its lease is over. */
export interface ClaimedMail extends Omit<QueuedMail, 'voidKey' | 'nextAttemptAt' | 'sentAt'> {
  /** How often it has been claimed, this time included. */
  readonly attempts: number
}

/** What came of an attempt. `status` is the SMTP status or the name of what broke, and never a text of the server. */
export type SendOutcome =
  | { readonly sent: true }
  | { readonly sent: false; readonly status: string; readonly final: boolean }

/** How an attempt is written down. */
export type MailSettlement =
  | { readonly state: 'sent'; readonly at: Date }
  | { readonly state: 'waiting'; readonly until: Date; readonly error: string }
  | { readonly state: 'failed'; readonly at: Date; readonly error: string }

/** What the log may know of an attempt. */
export interface MailReport {
  readonly mailId: string
  readonly kind: MessageKind
  readonly attempts: number
  readonly state: MailSettlement['state']
  readonly status: string | undefined
}

/** Takes at most `limit` mails that are due, for this process alone; `only` leaves to others what it cannot send. */
export function claimDueMails(
  { now, store }: Pick<World, 'now' | 'store'>,
  { limit, only }: { readonly limit: number; readonly only?: 'mail' | 'sms' | undefined },
): Promise<readonly ClaimedMail[]> {
  const at = now()
  return store.claimMails({ now: at, leaseUntil: new Date(at.getTime() + LEASE_MS), limit, only })
}

/** Sends a claimed mail and writes down what came of it: sent, tried again later, or given up. */
export async function deliverMail(
  world: Pick<World, 'now' | 'store' | 'vault'>,
  claimed: ClaimedMail,
  send: (message: Mail | Sms) => Promise<SendOutcome>,
): Promise<MailReport> {
  const settlement = await attempt(world, claimed, send)
  await world.store.settleMail(claimed, settlement)
  const { id: mailId, kind, attempts } = claimed
  const status = settlement.state === 'sent' ? undefined : settlement.error
  return { mailId, kind, attempts, state: settlement.state, status }
}

async function attempt(
  world: Pick<World, 'now' | 'vault'>,
  claimed: ClaimedMail,
  send: (message: Mail | Sms) => Promise<SendOutcome>,
): Promise<MailSettlement> {
  const mail = openMail(world, claimed)
  if (mail === undefined) return { state: 'failed', at: world.now(), error: 'unreadable' }
  const { expiresAt } = mail.facts as { readonly expiresAt?: string }
  // Its link or code is dead: it would only make somebody ask why.
  if (expiresAt !== undefined && new Date(expiresAt) <= world.now())
    return { state: 'failed', at: world.now(), error: 'expired' }
  const outcome = await send(mail)
  const at = world.now()
  if (outcome.sent) return { state: 'sent', at }
  const error = outcome.status
  const until = outcome.final ? undefined : nextAttemptAt(claimed, { attempts: claimed.attempts, now: at })
  return until === undefined ? { state: 'failed', at, error } : { state: 'waiting', until, error }
}
