import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { PersonTokens } from '../../core/tokens/person-tokens.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { reply } from '../../http/reply.ts'

/** JSON as it is, without an envelope, that nobody may keep. */
export function answer(c: GatewayContext, body: object, status: ContentfulStatusCode = 200): Response {
  return reply(c, JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  })
}

/** The tokens of a person, as this face names them. */
export function spellTokens({ access, refresh }: PersonTokens) {
  return { access_token: access, refresh_token: refresh, token_type: 'bearer' } as const
}

/** Answers the tokens of a person. */
export function answerTokens(c: GatewayContext, tokens: PersonTokens): Response {
  c.set('userId', tokens.userId)
  return answer(c, spellTokens(tokens))
}
