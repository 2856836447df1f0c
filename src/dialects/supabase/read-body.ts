import { fail, ok, type Result } from '../../core/result.ts'
import { readBytes } from '../../http/body.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import type { HttpFailure } from '../../http/refusal.ts'

export type Body = Readonly<Record<string, unknown>>

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/**
 * Reads the object that a call sends, whatever its Content-Type says but for a form. A member that is null counts as one
 * that is not there; null within a member says something.
 */
export async function readBody(
  c: GatewayContext,
  { emptyIsFine }: { readonly emptyIsFine: boolean },
): Promise<Result<Body, HttpFailure>> {
  const bytes = await readBytes(c)
  if (!bytes.ok) return bytes
  if (bytes.value.byteLength === 0) return emptyIsFine ? ok({}) : fail({ reason: 'body_malformed' })
  const isForm = FORM_TYPE.test(c.env.header('content-type') ?? '')
  const read = parse(bytes.value, isForm)
  if (read === undefined) return fail({ reason: 'body_malformed' })
  return ok(Object.fromEntries(Object.entries(read).filter(([, value]) => value !== null)))
}

function parse(bytes: ArrayBuffer | Uint8Array, isForm: boolean): Body | undefined {
  try {
    const text = utf8.decode(bytes)
    const value: unknown = isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text)
    if (value === null) return {}
    return typeof value === 'object' && !Array.isArray(value) ? (value as Body) : undefined
  } catch {
    return undefined
  }
}
