import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { momentText, wholeSecondsText } from '../../core/moment-text.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { reply } from '../../http/reply.ts'

/** Answers `{data, meta}`, the envelope of every success on this face. */
export function answer(c: GatewayContext, data: unknown, status: 200 | 201 | 202 = 200): Response {
  return json(c, { data, meta: meta(c) }, status)
}

/** Answers that it is done, and nothing beside. */
export function answerNothing(c: GatewayContext): Response {
  return reply(c, null, { status: 204, headers: {} })
}

/** JSON with its charset named, for the clients that guess another one without it. */
export function json(c: GatewayContext, body: unknown, status: ContentfulStatusCode): Response {
  const headers = { 'Content-Type': 'application/json; charset=utf-8' }
  return reply(c, JSON.stringify(body), { status, headers })
}

export interface Meta {
  readonly timestamp: string
  readonly request_id: string
  readonly warnings?: readonly Warning[]
  readonly degraded?: true
}

interface Warning {
  readonly code: string
  readonly message: string
}

export function meta(c: GatewayContext): Meta {
  const standing = { timestamp: momentText(c.env.service.now()), request_id: c.get('requestId') }
  const warnings = warningsOf(c)
  const degraded = c.get('degraded')
  if (warnings.length === 0 && degraded === undefined) return standing
  return { ...standing, ...(warnings.length > 0 && { warnings }), ...(degraded && { degraded }) }
}

/** What the caller should hear while everything still works. */
function warningsOf(c: GatewayContext): readonly Warning[] {
  const key = c.get('key')
  if (key?.rotatedAt === undefined || key.retiresAt === undefined) return []
  const message = `This API key has been rotated and stops at ${wholeSecondsText(key.retiresAt)}. Use its successor, ${key.successorId}.`
  return [{ code: 'api_key_retiring', message }]
}
