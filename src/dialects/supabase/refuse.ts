import type { GatewayContext } from '../../http/gateway-env.ts'
import { causeOf, type Refusal } from '../../http/refusal.ts'
import { reply } from '../../http/reply.ts'
import { accountChangeSpellings } from './account-change-spellings.ts'
import { accountSpellings } from './account-spellings.ts'
import { type Denial, spellDenial } from './deny.ts'
import { httpSpellings } from './http-spellings.ts'
import { managementSpellings } from './management-spellings.ts'
import { oneTimeSpellings } from './one-time-spellings.ts'
import { secondFactorSpellings } from './second-factor-spellings.ts'
import type { Reason, Spelling, Spellings } from './spelling.ts'
import { tokenSpellings } from './token-spellings.ts'

/** Every refusal of the core and of HTTP on the wire of this face. */
export const spellings: Spellings<Reason> = {
  ...httpSpellings,
  ...managementSpellings,
  ...accountSpellings,
  ...accountChangeSpellings,
  ...secondFactorSpellings,
  ...oneTimeSpellings,
  ...tokenSpellings,
}

/** A refusal as this face says it. */
export function denialOf(refusal: Refusal): Denial {
  // Indexed by its own reason, so the spelling is the one for this refusal.
  const spelling = spellings[refusal.reason] as Spelling<Reason>
  return typeof spelling === 'function' ? spelling(refusal) : spelling
}

export function refuse(c: GatewayContext, refusal: Refusal): Response {
  // As upstream's router says it, which speaks no JSON. Who has no token is asked for one before, here as everywhere.
  if (refusal.reason === 'route_unknown') return reply(c, '404 page not found\n', plainNotFound)
  return spellDenial(c, denialOf(refusal))
}

const plainNotFound = { status: 404, headers: { 'Content-Type': 'text/plain; charset=utf-8' } } as const

/** Spells a refusal and leaves its reason for the log. */
export function refused(c: GatewayContext, refusal: Refusal): Response {
  c.set('refused', { reason: refusal.reason, cause: causeOf(refusal) })
  return refuse(c, refusal)
}
