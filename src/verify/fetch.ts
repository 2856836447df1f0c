import { type Needs, neededPermissions } from './needs.ts'
import { type Principal, refusalAnswer, type Verifier } from './verifier.ts'

type Handler<Rest extends readonly unknown[]> = (
  request: Request,
  principal: Principal,
  ...rest: Rest
) => Response | Promise<Response>

type GuardedHandler<Rest extends readonly unknown[]> = (request: Request, ...rest: Rest) => Promise<Response>

/**
 * Guards handlers of `Request` (Workers, Deno, Bun): the handler is called with the principal after the request, only when
 * the token is good and permits enough.
 */
export function requireToken(
  verifier: Verifier,
  needs: Needs = {},
): <Rest extends readonly unknown[]>(handler: Handler<Rest>) => GuardedHandler<Rest> {
  neededPermissions(needs)
  return (handler) =>
    async (request, ...rest) => {
      const verdict = await verifier.verifyHeader(request.headers.get('authorization'), needs)
      if (verdict.ok) return handler(request, verdict.principal, ...rest)
      const { status, headers, body } = refusalAnswer(verdict.refusal)
      return new Response(body, { status, headers })
    }
}
