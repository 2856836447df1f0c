import { z } from '@hono/zod-openapi'
import type { LinkFollowed } from '../../core/accounts/follow-link.ts'
import { readLinkHash } from '../../core/accounts/one-time-link.ts'
import type { Failure } from '../../core/failure.ts'
import { callerOf } from '../../http/caller.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { reply } from '../../http/reply.ts'
import { deny } from './deny.ts'
import { endpoint } from './endpoint.ts'
import { wantedRedirect } from './link-flow.ts'
import { invalid } from './read-contact.ts'
import { denialOf, refused } from './refuse.ts'
import { text } from './schemas.ts'
import { halfMessage, isVerifyType, ownDenial } from './verify.ts'

/**
 * Where the links in mails lead. It uses a link up, as its wire asks; whoever only asks with HEAD, as scanners of mails do,
 * uses up nothing.
 */
export const verifyLinkEndpoint = endpoint({
  method: 'get',
  path: '/verify',
  summary: 'Follow a link that was mailed',
  description:
    'Sends the browser on, with a session or an error in the fragment, or with a code in the query where the client keeps a verifier.',
  request: {
    query: z.object({
      token: text.default(''),
      type: text.default(''),
      redirect_to: text.optional(),
    }),
  },
  answer: undefined,
  sendsOn: true,
  errors: [400, 429, 503],
  async handle(c, { query: { token, type, redirect_to: wanted } }) {
    if (token === '') return deny(c, invalid('Verify requires a token or a token hash').failure)
    if (type === '') return deny(c, invalid('Verify requires a verification type').failure)
    if (c.req.raw.method === 'HEAD') return reply(c, null, { status: 200, headers: unseen })
    if (!isVerifyType(type)) {
      return sendBack(c, {
        to: wantedRedirect(c),
        error: { status: 400, code: 'validation_failed', message: 'Invalid verification type' },
        token,
      })
    }
    const followed = await c.env.service.followLink({ hash: token, type }, callerOf(c))
    if (!followed.ok) return refusedLink(c, followed.failure, token)
    const { redirectTo } = followed.value
    // What stands in the link was judged when it was made; it is judged again, since anybody may write it there.
    const to = wanted === undefined && redirectTo !== undefined ? redirectTo : wantedRedirect(c)
    return sendOn(c, { to, followed: followed.value, type })
  },
})

/** Kept by nobody, and told to no site that the next page loads something from. */
const unseen = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' } as const

function sendOn(
  c: GatewayContext,
  { to, followed, type }: { readonly to: string; readonly followed: LinkFollowed; readonly type: string },
): Response {
  if (followed.kind === 'code') return redirect(c, to, { query: { code: followed.code } })
  if (followed.kind === 'half') return redirect(c, to, { fragment: { message: halfMessage, sb: '' } })
  const { tokens } = followed
  c.set('userId', tokens.userId)
  const expiresAt = Math.floor(tokens.accessExpiresAt.getTime() / 1000)
  const fragment = {
    access_token: tokens.access,
    expires_at: String(expiresAt),
    expires_in: String(expiresAt - Math.floor(c.env.service.now().getTime() / 1000)),
    refresh_token: tokens.refresh,
    sb: '',
    token_type: 'bearer',
    type,
  }
  return redirect(c, to, { fragment })
}

function refusedLink(c: GatewayContext, failure: Failure, token: string): Response {
  if (failure.reason === 'rate_limited') return refused(c, failure)
  c.set('refused', { reason: failure.reason, cause: undefined })
  const error = ownDenial(failure) ?? denialOf(failure)
  return sendBack(c, { to: wantedRedirect(c), error, token })
}

const errors: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'unauthorized_client',
  403: 'access_denied',
}

/** An error goes where the session would have gone; a client that keeps a verifier reads the query. */
function sendBack(
  c: GatewayContext,
  {
    to,
    error: { status, code, message },
    token,
  }: {
    readonly to: string
    readonly error: { readonly status: number; readonly code: string; readonly message: string }
    readonly token: string
  },
): Response {
  const told = {
    error: errors[status] ?? 'server_error',
    error_code: code,
    error_description: message,
  }
  const query = readLinkHash(token).challenged ? told : {}
  return redirect(c, to, { query, fragment: { ...told, sb: '' } })
}

function redirect(
  c: GatewayContext,
  to: string,
  {
    query = {},
    fragment,
  }: {
    readonly query?: Readonly<Record<string, string>>
    readonly fragment?: Readonly<Record<string, string>>
  },
): Response {
  const target = new URL(to)
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value)
  if (fragment !== undefined) target.hash = new URLSearchParams(fragment).toString()
  return reply(c, null, { status: 303, headers: { ...unseen, Location: target.href } })
}
