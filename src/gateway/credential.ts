import { parseApiKey } from '../core/keys/api-key.ts'
import { fail, ok, type Result } from '../core/result.ts'
import { readBearerToken } from '../http/credentials.ts'
import type { GatewayContext } from '../http/gateway-env.ts'
import type { HttpFailure } from '../http/refusal.ts'
import type { CredentialKind, RouteRule } from './rules.ts'

export interface Credential {
  readonly kind: CredentialKind
  readonly text: string
}

/** A subprotocol that is no subprotocol: how a browser, which can set no header, shows its token. */
const TOKEN_PROTOCOL = 'guichet.token.'
/** Offered beside it, so that there is something to choose where the upstream speaks no subprotocol. */
export const markerProtocol = 'guichet'

/**
 * Reads the one credential of a call, from where the route takes one: the `Authorization` header, `X-API-Key`, and for
 * WebSockets the subprotocols that are offered. Never from the query or a cookie.
 */
export function readCredential(c: GatewayContext, rule: RouteRule): Result<Credential, HttpFailure> {
  const takesKeys = rule.credentials.includes('api_key')
  const apiKey = takesKeys ? c.env.header('x-api-key') : undefined
  const { tokens } = readProtocols(c.env.header('sec-websocket-protocol'))
  const authorization = c.env.header('authorization')
  const shown = Number(apiKey !== undefined) + Number(authorization !== undefined) + tokens.length
  if (shown > 1) return fail({ reason: 'credential_ambiguous' })
  if (apiKey !== undefined) return ok({ kind: 'api_key', text: apiKey })
  const [token] = tokens
  const bearer = token === undefined ? readBearerToken(c) : ok(token)
  if (!bearer.ok) return bearer
  const isKey = takesKeys && parseApiKey(bearer.value) !== undefined
  if (!isKey && !rule.credentials.includes('token')) return fail({ reason: 'credential_missing' })
  return ok({ kind: isKey ? 'api_key' : 'token', text: bearer.value })
}

interface Protocols {
  readonly offered: readonly string[]
  readonly tokens: readonly string[]
  readonly isMarked: boolean
}

const noProtocols: Protocols = { offered: [], tokens: [], isMarked: false }

/** Takes the credential out of the subprotocols that a WebSocket handshake offers (RFC 6455 §11.3.4). */
export function readProtocols(header: string | undefined): Protocols {
  if (header === undefined) return noProtocols
  const all = header
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
  return {
    offered: all.filter((text) => text !== markerProtocol && !text.startsWith(TOKEN_PROTOCOL)),
    tokens: all
      .filter((text) => text.startsWith(TOKEN_PROTOCOL))
      .map((text) => text.slice(TOKEN_PROTOCOL.length)),
    isMarked: all.includes(markerProtocol),
  }
}
