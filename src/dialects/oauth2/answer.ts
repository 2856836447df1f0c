import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { formatScope } from '../../core/permissions.ts'
import type { AccessToken } from '../../core/tokens/session-tokens.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { reply } from '../../http/reply.ts'

/** JSON as it is, without an envelope, that nobody may keep (RFC 6749 §5.1). */
export function answer(c: GatewayContext, body: object, status: ContentfulStatusCode = 200): Response {
  return reply(c, JSON.stringify(body), {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      Pragma: 'no-cache',
    },
  })
}

/** A token answer (RFC 6749 §5.1). The scope is always told, since it may be other than what was asked for. */
export function answerToken(
  c: GatewayContext,
  token: AccessToken,
  { refresh, issuedType }: { readonly refresh?: string | undefined; readonly issuedType?: string } = {},
): Response {
  const nowSeconds = Math.floor(c.env.service.now().getTime() / 1000)
  return answer(c, {
    access_token: token.access,
    ...(issuedType !== undefined && { issued_token_type: issuedType }),
    token_type: 'Bearer',
    expires_in: token.accessExpiresAt.getTime() / 1000 - nowSeconds,
    ...(token.permissions.length > 0 && { scope: formatScope(token.permissions) }),
    ...(refresh !== undefined && { refresh_token: refresh }),
  })
}
