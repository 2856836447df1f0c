import type { GatewayContext } from '../../http/gateway-env.ts'
import { causeOf, type Refusal } from '../../http/refusal.ts'
import { tell } from '../../http/reply.ts'
import { accountChangeSpellings } from './account-change-spellings.ts'
import { accountSpellings } from './account-spellings.ts'
import { administrationSpellings } from './administration-spellings.ts'
import { answer } from './answer.ts'
import { httpSpellings } from './http-spellings.ts'
import { keySpellings } from './key-spellings.ts'
import { oneTimeSpellings } from './one-time-spellings.ts'
import { secondFactorSpellings } from './second-factor-spellings.ts'
import type { Reason, Spelling, Spellings } from './spelling.ts'
import { tokenSpellings } from './token-spellings.ts'

/** Every refusal on the wire of this face. */
export const spellings: Spellings<Reason> = {
  ...httpSpellings,
  ...keySpellings,
  ...accountSpellings,
  ...accountChangeSpellings,
  ...secondFactorSpellings,
  ...oneTimeSpellings,
  ...administrationSpellings,
  ...tokenSpellings,
}

/** Spells a refusal as RFC 6749 §5.2 has it, without an envelope. */
export function refuse(c: GatewayContext, refusal: Refusal): Response {
  // Indexed by its own reason, so the spelling is the one for this refusal.
  const { status, error, description, headers } = spellings[refusal.reason] as Spelling<Reason>
  const text = typeof description === 'string' ? description : description(refusal)
  if (headers !== undefined) tell(c, headers(refusal))
  return answer(c, { error, error_description: text }, status)
}

/** Spells a refusal and leaves its reason for the log. */
export function refused(c: GatewayContext, refusal: Refusal): Response {
  c.set('refused', { reason: refusal.reason, cause: causeOf(refusal) })
  return refuse(c, refusal)
}
