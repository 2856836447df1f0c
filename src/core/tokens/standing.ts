import { keyState } from '../keys/key-state.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitAssurance, admitPersonOfToken } from './admit-call.ts'
import { knowsRevocations } from './knows-revocations.ts'
import type { Principal } from './verify.ts'

/** What has become of a credential that was good once. */
export type Standing = 'good' | 'expired' | 'revoked'

/**
 * Says whether whom a call was admitted for would be admitted now: for streams, which outlive the question. From memory,
 * but for a key that was forgotten.
 */
export async function standingOf(parts: ServiceParts, principal: Principal): Promise<Standing> {
  const { world, policy, memory } = parts
  const now = world.now()
  if (principal.expiresAt + policy.clockSkewSeconds <= now.getTime() / 1000) return 'expired'
  // Nobody knows; as for a call, that is a no.
  if (!knowsRevocations(parts, now).ok) return 'revoked'
  // A key that speaks for itself is no token: its own state says all.
  const isToken = principal.tokenId !== ''
  if (isToken && memory.revocations.concerning(principal) !== undefined) return 'revoked'
  if (principal.keyId === undefined) {
    const person = await memory.people.find(world.store, principal.subject, now)
    const admitted = admitPersonOfToken(person, principal, now)
    return admitted.ok && admitAssurance(parts, admitted.value, principal).ok ? 'good' : 'revoked'
  }
  const found = await memory.directory.find(world.store, principal.keyId, now)
  if (found === undefined || found.client.disabledAt !== undefined) return 'revoked'
  const state = keyState(found.key, now)
  if (state === 'expired' || state === 'retired') return 'expired'
  return state === 'active' || state === 'retiring' ? 'good' : 'revoked'
}
