import { fail, ok, type Result } from '../core/result.ts'
import type { GatewayContext } from './gateway-env.ts'
import type { HttpFailure } from './refusal.ts'

const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i
const BEARER_SCHEME = /^bearer(?: |$)/i

/**
 * Reads the access token from the `Authorization` header and from nowhere else (RFC 6750 §2.1, RFC 9700 §4.3.2).
 * Two headers arrive joined by a comma, which no token68 holds, and are refused with all else that is malformed.
 */
export function readBearerToken(c: GatewayContext): Result<string, HttpFailure> {
  const header = c.env.header('authorization')
  if (header === undefined || !BEARER_SCHEME.test(header)) return fail({ reason: 'credential_missing' })
  const token = BEARER.exec(header)?.[1]
  return token === undefined ? fail({ reason: 'authorization_malformed' }) : ok(token)
}

/** Reads the one API key of a call, from the body's field or the `X-API-Key` header; both at once are refused. */
export function readApiKey(c: GatewayContext, fromBody: string | undefined): Result<string, HttpFailure> {
  const fromHeader = c.env.header('x-api-key')
  if (fromHeader !== undefined && fromBody !== undefined) return fail({ reason: 'credential_ambiguous' })
  const apiKey = fromBody ?? fromHeader
  if (apiKey !== undefined) return ok(apiKey)
  return fail({ reason: 'request_invalid', details: [{ field: 'apiKey', message: 'An API key is needed.' }] })
}
