import { type Needs, neededPermissions } from './needs.ts'
import { notePrincipal } from './principals.ts'
import { refusalAnswer, type Verifier } from './verifier.ts'

export { principalOf } from './principals.ts'

/** What is used of Hono's context. */
export interface HonoContext {
  readonly req: { readonly header: (name: string) => string | undefined }
}

/** Middleware that lets a call through when its token is good and permits enough; `principalOf(c)` says whose it is. */
export function requireToken(
  verifier: Verifier,
  needs: Needs = {},
): (c: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  neededPermissions(needs)
  return async (c, next) => {
    const verdict = await verifier.verifyHeader(c.req.header('authorization'), needs)
    if (!verdict.ok) {
      const { status, headers, body } = refusalAnswer(verdict.refusal)
      return new Response(body, { status, headers })
    }
    notePrincipal(c, verdict.principal)
    await next()
    return undefined
  }
}
