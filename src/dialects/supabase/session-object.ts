import type { AccountView } from '../../core/accounts/account-view.ts'
import type { PersonTokens } from '../../core/tokens/person-tokens.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { answer } from './answer.ts'
import { refused } from './refuse.ts'
import { spellUser } from './user-object.ts'

/** The session object of this face: the tokens, and the user with them. */
export function spellSession(tokens: PersonTokens, view: AccountView, now: Date) {
  const expiresAt = Math.floor(tokens.accessExpiresAt.getTime() / 1000)
  return {
    access_token: tokens.access,
    token_type: 'bearer',
    expires_in: expiresAt - Math.floor(now.getTime() / 1000),
    expires_at: expiresAt,
    refresh_token: tokens.refresh,
    user: spellUser(view),
  }
}

/** Answers the session that tokens were just handed out for. */
export async function answerSession(c: GatewayContext, tokens: PersonTokens): Promise<Response> {
  c.set('userId', tokens.userId)
  const view = await c.env.service.readAccountView(tokens.userId)
  if (!view.ok) return refused(c, view.failure)
  const headers = { 'Sb-Auth-User-Id': tokens.userId, 'Sb-Auth-Session-Id': tokens.sessionId }
  return answer(c, spellSession(tokens, view.value, c.env.service.now()), { headers })
}
