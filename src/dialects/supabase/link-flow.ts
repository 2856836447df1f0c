import { z } from '@hono/zod-openapi'
import type { LinkFlow } from '../../core/accounts/one-time-link.ts'
import { allowedRedirect } from '../../core/accounts/redirects.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { readLanguages } from '../../pages/page-language.ts'
import type { Denial } from './deny.ts'
import { text } from './schemas.ts'

/** What a client asks of the way back, in the body of every call that sends a link. */
export const flowFields = {
  code_challenge: text.default(''),
  code_challenge_method: text.default(''),
}

/** In the query, as clients send it. */
export const flowQuery = z.object({ redirect_to: text.optional() })

/** Where a link leads on, and by whose verifier what comes of it is traded (RFC 7636 §4.3). */
export function readFlow(
  c: GatewayContext,
  {
    code_challenge: challenge,
    code_challenge_method: named,
  }: { readonly code_challenge: string; readonly code_challenge_method: string },
): Result<LinkFlow, Denial> {
  const redirectTo = wantedRedirect(c)
  if (challenge === '' && named === '') return ok({ redirectTo, challenge: undefined })
  if (challenge === '' || named === '') {
    return invalid('PKCE flow requires code_challenge_method and code_challenge')
  }
  const method = named.toLowerCase()
  if (method !== 's256' && method !== 'plain') return invalid('Invalid code_challenge_method')
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(challenge)) {
    return invalid('code challenge must have 43 to 128 letters, digits, and - . _ ~')
  }
  return ok({ redirectTo, challenge: { text: challenge, method } })
}

/** Where the caller wants people to be sent, as far as the operator lets them. */
export function wantedRedirect(c: GatewayContext, fromBody?: string | undefined): string {
  const wanted = c.req.query('redirect_to') || c.env.header('redirect_to') || fromBody
  return allowedRedirect(c.env.service.policy.supabase, wanted)
}

/** The language of somebody who has just come: what their application notes of them, or what their browser asks for. */
export function newcomersLocale(
  c: GatewayContext,
  data: Readonly<Record<string, unknown>>,
): string | undefined {
  const { locale } = data
  if (typeof locale === 'string' && /^[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$/.test(locale)) return locale
  return readLanguages(c.env.header('accept-language')).find((language) => /^[a-z]{2,3}$/.test(language))
}

function invalid(message: string) {
  return fail<Denial>({ status: 400, code: 'validation_failed', message })
}
