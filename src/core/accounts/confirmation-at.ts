import type { AccountPolicy, Policy } from '../policy.ts'
import type { SessionFace } from '../tokens/session.ts'

/** Whether an address has to be confirmed before its owner signs in at a face. */
export function confirmationAt(
  { accounts, mytone }: Pick<Policy, 'accounts' | 'mytone'>,
  face: SessionFace,
): AccountPolicy['emailConfirmation'] {
  return face === 'mytone' ? mytone.emailConfirmation : accounts.emailConfirmation
}
