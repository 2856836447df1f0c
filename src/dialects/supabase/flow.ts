import { z } from '@hono/zod-openapi'
import type { LinkFlow } from '../../core/accounts/one-time-link.ts'
import { allowedRedirect } from '../../core/accounts/redirects.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { deny } from './deny.ts'
import { readFields } from './read-fields.ts'
import { text } from './schemas.ts'

const fields = z.object({
  code_challenge: text.default(''),
  code_challenge_method: text.default(''),
})

/** RFC 7636 §4.2: the challenge is as long as a verifier may be. */
const CHALLENGE = /^[A-Za-z0-9._~-]{43,128}$/

type Read =
  | { readonly ok: true; readonly value: LinkFlow }
  | { readonly ok: false; readonly answer: Response }

/** Reads where a link is to lead back to, and the code challenge of a client that trades what comes of it. */
export function readFlow(c: GatewayContext, body: Readonly<Record<string, unknown>>): Read {
  const read = readFields(c, fields, body)
  if (!read.ok) return read
  const { code_challenge: challenge, code_challenge_method: named } = read.value
  const wanted = c.req.query('redirect_to') || c.env.header('redirect_to')
  const redirectTo = allowedRedirect(c.env.service.policy.supabase, wanted)
  if (challenge === '' && named === '') return { ok: true, value: { redirectTo, challenge: undefined } }
  const method = named.toLowerCase()
  if (!CHALLENGE.test(challenge) || (method !== 's256' && method !== 'plain')) {
    const message =
      'code_challenge and code_challenge_method must come together, the first with 43 to 128 characters'
    return { ok: false, answer: deny(c, { status: 400, code: 'validation_failed', message }) }
  }
  return { ok: true, value: { redirectTo, challenge: { text: challenge, method } } }
}
