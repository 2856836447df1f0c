import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { GatewayContext } from '../../http/gateway-env.ts'
import type { AnswerHeaders } from '../../http/reply.ts'
import { answer } from './answer.ts'
import type { ErrorCode } from './error-codes.ts'

/** One "no" as this face says it. */
export interface Denial {
  readonly status: ContentfulStatusCode
  readonly code: ErrorCode
  readonly message: string
  /** Of a password that is refused: what is wrong with it. */
  readonly reasons?: readonly ('length' | 'characters' | 'pwned')[]
  readonly headers?: AnswerHeaders
}

/** The version of errors from which on the code is `code`, and told by a header. */
const CODED_SINCE = '2024-01-01'

/** Says no in the form that the version of the client reads; the code is noted for the log. */
export function deny(c: GatewayContext, denial: Denial): Response {
  if (c.get('refused') === undefined) c.set('refused', { reason: denial.code, cause: undefined })
  return spellDenial(c, denial)
}

/** Says no to what is not as it must be. */
export function denyInvalid(c: GatewayContext, message: string): Response {
  return deny(c, { status: 400, code: 'validation_failed', message })
}

export function spellDenial(
  c: GatewayContext,
  { status, code, message, reasons, headers }: Denial,
): Response {
  const weak = reasons && { weak_password: { reasons } }
  if (readsCodes(c)) {
    const told = {
      'X-Supabase-Api-Version': CODED_SINCE,
      ...(weak === undefined && { 'X-Sb-Error-Code': code }),
    }
    return answer(c, { code, message, ...weak }, { status, headers: { ...headers, ...told } })
  }
  const id = status >= 500 && { error_id: c.get('requestId') }
  const body = { code: status, error_code: code, msg: message, ...id, ...weak }
  return answer(c, body, { status, headers: { ...headers, 'X-Sb-Error-Code': code } })
}

function readsCodes(c: GatewayContext): boolean {
  const version = c.env.header('x-supabase-api-version') ?? ''
  if (!/^\d{4}-\d{2}-\d{2}$/.test(version) || Number.isNaN(Date.parse(version))) return false
  return version >= CODED_SINCE
}
