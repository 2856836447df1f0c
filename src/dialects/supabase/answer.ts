import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { type AnswerHeaders, reply } from '../../http/reply.ts'

/** JSON as it is, without an envelope: clients of this face parse every answer but a 204. */
export function answer(
  c: GatewayContext,
  body: object,
  {
    status = 200,
    headers,
  }: { readonly status?: ContentfulStatusCode; readonly headers?: AnswerHeaders } = {},
): Response {
  return reply(c, JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
  })
}

/** Nothing at all, which only a sign-out may answer. */
export function answerNothing(c: GatewayContext): Response {
  return reply(c, null, { status: 204, headers: {} })
}
