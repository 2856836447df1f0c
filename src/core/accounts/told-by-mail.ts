import type { World } from '../ports.ts'
import { type MailFacts, type QueuedMail, queuedMail } from './mail.ts'
import type { SignInProof } from './second-factor-store.ts'
import type { User } from './user.ts'

type Told = 'factor-added' | 'factor-removed' | 'recovery-code-used'

/** The mail that tells somebody what has been done to their second factor: it may not have been them. */
export function toldByMail<K extends Told>(
  world: Pick<World, 'newId' | 'vault'>,
  { user, kind, facts }: { readonly user: User; readonly kind: K; readonly facts: MailFacts[K] },
  now: Date,
): QueuedMail {
  const { id: userId, email: to, locale } = user
  return queuedMail(world, { kind, to, facts, userId, locale, voidKey: undefined }, now)
}

/** As above of a recovery code; no mail for any other proof. */
export async function recoveryToldByMail(
  world: Pick<World, 'newId' | 'vault' | 'store'>,
  { user, proof }: { readonly user: User; readonly proof: Pick<SignInProof, 'kind'> | undefined },
  now: Date,
): Promise<readonly QueuedMail[]> {
  if (proof?.kind !== 'recovery_code') return []
  const unused = await world.store.listRecoveryCodes(user.id)
  const facts = { left: Math.max(0, unused.length - 1), at: now.toISOString() }
  return [toldByMail(world, { user, kind: 'recovery-code-used', facts }, now)]
}
