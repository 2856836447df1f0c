import { authorizationOf, type NodeRequest } from './bearer.ts'
import { type Needs, neededPermissions } from './needs.ts'
import { notePrincipal } from './principals.ts'
import { refusalAnswer, type Verifier } from './verifier.ts'

export { principalOf } from './principals.ts'

/** What is used of Fastify's request. */
export interface FastifyRequestPart {
  readonly headers: NodeRequest['headers']
  readonly raw: { readonly headersDistinct?: NodeRequest['headersDistinct'] }
}

/** What is used of Fastify's reply. */
export interface FastifyReplyPart {
  readonly code: (status: number) => unknown
  readonly headers: (values: Record<string, string>) => unknown
  readonly send: (body: string) => unknown
}

/** An `onRequest` hook that lets a call through when its token is good and permits enough; `principalOf(request)` says whose it is. */
export function requireToken(
  verifier: Verifier,
  needs: Needs = {},
): (request: FastifyRequestPart, reply: FastifyReplyPart) => Promise<unknown> {
  neededPermissions(needs)
  return async (request, reply) => {
    const { headers: all, raw } = request
    const authorization = authorizationOf({ headers: all, headersDistinct: raw.headersDistinct })
    const verdict = await verifier.verifyHeader(authorization, needs)
    if (verdict.ok) {
      notePrincipal(request, verdict.principal)
      return undefined
    }
    const { status, headers, body } = refusalAnswer(verdict.refusal)
    reply.code(status)
    reply.headers(headers)
    return reply.send(body)
  }
}
