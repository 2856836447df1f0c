import { fail, ok, type Result } from '../core/result.ts'
import { readBytes } from './body.ts'
import type { GatewayContext } from './gateway-env.ts'
import type { HttpFailure } from './refusal.ts'

/** The parameters of a form. One that was sent without a value counts as one that was not sent (RFC 6749 §3.2). */
export interface Form {
  readonly one: (name: string) => string | undefined
  readonly all: (name: string) => readonly string[]
}

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads an `application/x-www-form-urlencoded` body of at most `bodyMaxBytes`. A parameter that comes twice is refused
 * (RFC 6749 §3.2), but for those that may.
 */
export async function readForm(
  c: GatewayContext,
  { repeatable }: { readonly repeatable: readonly string[] },
): Promise<Result<Form, HttpFailure>> {
  const bytes = await readBytes(c)
  if (!bytes.ok) return bytes
  if (!FORM_TYPE.test(c.env.header('content-type') ?? '')) return fail({ reason: 'content_type_unsupported' })
  const parameters = new Map<string, string[]>()
  for (const [name, value] of parsePairs(bytes.value)) {
    if (name === undefined || value === undefined) return fail({ reason: 'body_malformed' })
    const earlier = parameters.get(name) ?? []
    if (earlier.length > 0 && !repeatable.includes(name)) return fail(repeated)
    parameters.set(name, [...earlier, value])
  }
  const all = (name: string) => (parameters.get(name) ?? []).filter((value) => value !== '')
  return ok({ all, one: (name) => all(name)[0] })
}

// The name is the caller's own text, and could be anything: it is not said back.
const repeated: HttpFailure = {
  reason: 'request_invalid',
  details: [{ field: '', message: 'A parameter was sent more than once.' }],
}

/** Undefined stands for what cannot be read. */
function parsePairs(
  bytes: ArrayBuffer | Uint8Array,
): readonly (readonly [string | undefined, string | undefined])[] {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return [[undefined, undefined]]
  }
  const pairs = text.split('&').filter((pair) => pair !== '')
  return pairs.map((pair) => {
    const [name = '', ...value] = pair.split('=')
    return [decodeFormText(name), decodeFormText(value.join('='))]
  })
}

/** Decodes one name or value of a form; undefined when it is not well formed. */
export function decodeFormText(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
