import type { GatewayContext } from '../../http/gateway-env.ts'
import { causeOf, type FieldProblem, type Refusal } from '../../http/refusal.ts'
import { tell } from '../../http/reply.ts'
import { accountSpellings } from './account-spellings.ts'
import { answer } from './answer.ts'
import { httpSpellings } from './http-spellings.ts'
import { otherSpellings } from './other-spellings.ts'
import type { Reason, Spelling, Spellings } from './spelling.ts'
import { tokenSpellings } from './token-spellings.ts'

/** Every refusal on the wire of this face. docs/dialects/mytone.md has a line for each that can be met here. */
export const spellings: Spellings<Reason> = {
  ...httpSpellings,
  ...accountSpellings,
  ...tokenSpellings,
  ...otherSpellings,
}

/** Spells a refusal as FastAPI does: a sentence in `detail`, or a list of what is wrong with which fields. */
export function refuse(c: GatewayContext, refusal: Refusal): Response {
  // Indexed by its own reason, so the spelling is the one for this refusal.
  const { status, detail, headers } = spellings[refusal.reason] as Spelling<Reason>
  const said = typeof detail === 'string' ? detail : detail(refusal)
  if (headers !== undefined) tell(c, headers(refusal))
  return answer(c, { detail: typeof said === 'string' ? said : said.map(spellProblem) }, status)
}

/** Spells a refusal and leaves its reason for the log. */
export function refused(c: GatewayContext, refusal: Refusal): Response {
  c.set('refused', { reason: refusal.reason, cause: causeOf(refusal) })
  return refuse(c, refusal)
}

/** As Pydantic 2 lists it, without the `input`: that may be a password. */
function spellProblem({ field, message, code = 'value_error', bound }: FieldProblem): object {
  const limit = code === 'string_too_short' ? 'min_length' : 'max_length'
  return {
    loc: ['body', ...(field === '' ? [] : field.split('.'))],
    msg: message,
    type: code,
    ...(bound !== undefined && { ctx: { [limit]: bound } }),
  }
}
