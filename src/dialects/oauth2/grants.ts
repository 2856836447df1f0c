import { fail, ok, type Result } from '../../core/result.ts'
import { callerOf, noteExchange, noteKey } from '../../http/caller.ts'
import type { Form } from '../../http/form.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import type { HttpFailure } from '../../http/refusal.ts'
import { answerToken } from './answer.ts'
import { readClient } from './client.ts'
import { refused } from './refuse.ts'
import { readWishes } from './wishes.ts'

type Grant = (c: GatewayContext, form: Form) => Promise<Response>

const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'
/** Our access tokens are both (RFC 8693 §3). */
const tokenTypes = [ACCESS_TOKEN_TYPE, 'urn:ietf:params:oauth:token-type:jwt']

/** RFC 6749 §4.4. A refresh token comes only where the scope asks for one: §4.4.3 says that none should. */
const clientCredentials: Grant = async (c, form) => {
  const client = readClient(c, form)
  if (!client.ok) return refused(c, client.failure)
  const wishes = readWishes(form)
  if (!wishes.ok) return refused(c, wishes.failure)
  const { narrowing, offline } = wishes.value
  const tokens = await c.env.service.exchange({ ...client.value, narrowing, rotates: offline }, callerOf(c))
  if (!tokens.ok) return refused(c, tokens.failure)
  noteExchange(c, tokens.value)
  return answerToken(c, tokens.value, { refresh: offline ? tokens.value.refresh : undefined })
}

/** RFC 6749 §6. */
const refreshToken: Grant = async (c, form) => {
  const client = readClient(c, form)
  if (!client.ok) return refused(c, client.failure)
  const token = needed(form, 'refresh_token')
  if (!token.ok) return refused(c, token.failure)
  const wishes = readWishes(form)
  if (!wishes.ok) return refused(c, wishes.failure)
  const tokens = await c.env.service.rotate(
    { credentials: client.value, refreshToken: token.value, narrowing: wishes.value.narrowing },
    callerOf(c),
  )
  if (!tokens.ok) return refused(c, tokens.failure)
  noteKey(c, tokens.value)
  return answerToken(c, tokens.value, { refresh: tokens.value.refresh })
}

/** RFC 8693. */
const tokenExchange: Grant = async (c, form) => {
  const client = readClient(c, form)
  if (!client.ok) return refused(c, client.failure)
  const subjectToken = neededToken(form, 'subject_token')
  if (!subjectToken.ok) return refused(c, subjectToken.failure)
  const actorToken = withActor(form) ? neededToken(form, 'actor_token') : ok(undefined)
  if (!actorToken.ok) return refused(c, actorToken.failure)
  const issuedType = form.one('requested_token_type') ?? ACCESS_TOKEN_TYPE
  if (!tokenTypes.includes(issuedType)) return refused(c, invalid('requested_token_type', UNKNOWN_TYPE))
  const wishes = readWishes(form)
  if (!wishes.ok) return refused(c, wishes.failure)
  const token = await c.env.service.narrowToken(
    {
      credentials: client.value,
      subjectToken: subjectToken.value,
      actorToken: actorToken.value,
      narrowing: wishes.value.narrowing,
    },
    callerOf(c),
  )
  if (!token.ok) return refused(c, token.failure)
  noteKey(c, token.value)
  return answerToken(c, token.value, { issuedType })
}

/** The grants of the token endpoint, each a use case. */
export const grants: Readonly<Record<string, Grant>> = {
  client_credentials: clientCredentials,
  refresh_token: refreshToken,
  'urn:ietf:params:oauth:grant-type:token-exchange': tokenExchange,
}

/** Reads a parameter that must be there. */
export function needed(form: Form, name: string): Result<string, HttpFailure> {
  const value = form.one(name)
  return value === undefined ? fail(invalid(name, 'This parameter is needed.')) : ok(value)
}

const UNKNOWN_TYPE = 'Only access tokens can be exchanged, and only for access tokens.'

/** A token with the type that must be named beside it (RFC 8693 §2.1). */
function neededToken(form: Form, name: string): Result<string, HttpFailure> {
  const type = needed(form, `${name}_type`)
  if (!type.ok) return type
  return tokenTypes.includes(type.value) ? needed(form, name) : fail(invalid(`${name}_type`, UNKNOWN_TYPE))
}

/** Either parameter needs the other (RFC 8693 §2.1). */
function withActor(form: Form): boolean {
  return form.one('actor_token') !== undefined || form.one('actor_token_type') !== undefined
}

function invalid(field: string, message: string): HttpFailure {
  return { reason: 'request_invalid', details: [{ field, message }] }
}
