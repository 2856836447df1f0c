import { accepts } from 'hono/accepts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import type { Refusal } from '../../http/refusal.ts'
import { reply, tell } from '../../http/reply.ts'
import { accountChangeSpellings } from './account-change-spellings.ts'
import { accountSpellings } from './account-spellings.ts'
import { administrationSpellings } from './administration-spellings.ts'
import { json, meta } from './envelope.ts'
import { httpSpellings } from './http-spellings.ts'
import { keySpellings } from './key-spellings.ts'
import { oneTimeSpellings } from './one-time-spellings.ts'
import { secondFactorSpellings } from './second-factor-spellings.ts'
import { signingKeySpellings } from './signing-key-spellings.ts'
import type { Reason, Spelling, Spellings } from './spelling.ts'
import { tokenSpellings } from './token-spellings.ts'

/** Every refusal on the wire of this face. docs/errors.md has a line for each code. */
export const spellings: Spellings<Reason> = {
  ...httpSpellings,
  ...keySpellings,
  ...accountSpellings,
  ...accountChangeSpellings,
  ...secondFactorSpellings,
  ...oneTimeSpellings,
  ...administrationSpellings,
  ...tokenSpellings,
  ...signingKeySpellings,
}

/** Spells a refusal in the error envelope, or as RFC 9457 where the client prefers that. */
export function refuse(c: GatewayContext, refusal: Refusal): Response {
  // Indexed by its own reason, so the spelling is the one for this refusal.
  const spelling = spellings[refusal.reason] as Spelling<Reason>
  const { status, code, message } = spelling
  const details = spelling.details?.(refusal)
  if (spelling.headers !== undefined) tell(c, spelling.headers(refusal))
  if (prefersProblem(c)) {
    const problem = {
      type: `urn:guichet:error:${code}`,
      title: message,
      status,
      code,
      request_id: c.get('requestId'),
      ...(details && { errors: details }),
    }
    const headers = { 'Content-Type': 'application/problem+json; charset=utf-8' }
    return reply(c, JSON.stringify(problem), { status, headers })
  }
  return json(c, { error: { code, message, ...(details && { details }) }, meta: meta(c) }, status)
}

function prefersProblem(c: GatewayContext): boolean {
  if (c.env.header('accept')?.includes('problem+json') !== true) return false
  const supports = ['application/json', 'application/problem+json']
  return (
    accepts(c, { header: 'Accept', supports, default: 'application/json' }) === 'application/problem+json'
  )
}
