import { allowedRedirect } from '../../core/accounts/redirects.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'

/** Where a link leads on: as the query says, or a header, or the body; the site where that is not allowed. */
export function readRedirectTo(c: GatewayContext, fromBody?: string | undefined): string {
  const wanted = c.req.query('redirect_to') || c.env.header('redirect_to') || fromBody
  return allowedRedirect(c.env.service.policy.supabase, wanted)
}
