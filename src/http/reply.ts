import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { GatewayContext } from './gateway-env.ts'

/** Headers by their names as they are written everywhere in this code: two spellings of one would be two headers. */
export type AnswerHeaders = Readonly<Record<string, string>>

/** Notes headers for the answer of a call, whoever makes it. */
export function tell(c: GatewayContext, headers: AnswerHeaders): void {
  Object.assign(c.get('headers'), headers)
}

/**
 * Answers a text with the headers that were noted and some of its own. A plain object to the end, past the context's
 * own ways: of those, building and reading `Headers` costs more than all else that a short answer needs.
 */
export function reply(
  c: GatewayContext,
  body: string | null,
  { status, headers }: { readonly status: ContentfulStatusCode | 204; readonly headers: AnswerHeaders },
): Response {
  tell(c, headers)
  c.set('replied', true)
  return new Response(body, { status, headers: c.get('headers') })
}

/** Adds what was noted to an answer that was made in another way, where it has no word of its own. */
export function completeAnswer(c: GatewayContext): void {
  if (c.get('replied') === true) return
  for (const [name, value] of Object.entries(c.get('headers'))) {
    if (!c.res.headers.has(name)) c.header(name, value)
  }
}
