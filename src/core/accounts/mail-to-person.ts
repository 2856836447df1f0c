import type { World } from '../ports.ts'
import { type MailKind, type MessageFacts, type QueuedMail, queuedMail } from './mail.ts'
import type { SignInProof } from './second-factor-store.ts'
import type { User } from './user.ts'

/** The row of a mail to the owner of an account, in their language, at the address that the account has. */
export function mailToPerson<K extends MailKind>(
  world: Pick<World, 'newId' | 'vault' | 'mailQueued'>,
  {
    user,
    kind,
    facts,
    voidKey,
  }: {
    readonly user: User
    readonly kind: K
    readonly facts: MessageFacts[K]
    readonly voidKey?: string
  },
  now: Date,
): QueuedMail {
  const { id: userId, email: to, locale } = user
  const name = user.emailConfirmedAt && user.name
  return queuedMail(world, { kind, to, name, facts, userId, locale, voidKey }, now)
}

/** Tells the owner that a recovery code has been used, which may not have been by them; no mail for any other proof. */
export async function mailOfRecovery(
  world: Pick<World, 'newId' | 'vault' | 'mailQueued' | 'store'>,
  { user, proof }: { readonly user: User; readonly proof: Pick<SignInProof, 'kind'> | undefined },
  now: Date,
): Promise<readonly QueuedMail[]> {
  if (proof?.kind !== 'recovery_code') return []
  const unused = await world.store.listRecoveryCodes(user.id)
  const facts = { left: Math.max(0, unused.length - 1), at: now.toISOString() }
  return [mailToPerson(world, { user, kind: 'recovery-code-used', facts }, now)]
}
