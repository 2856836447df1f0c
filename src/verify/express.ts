import { authorizationOf, type NodeRequest } from './bearer.ts'
import { type Needs, neededPermissions } from './needs.ts'
import { notePrincipal } from './principals.ts'
import { refusalAnswer, type Verifier } from './verifier.ts'

export { principalOf } from './principals.ts'

/** What is used of the response of Express, Connect and node:http. */
export interface NodeResponse {
  statusCode: number
  readonly setHeader: (name: string, value: string) => unknown
  readonly end: (body: string) => unknown
}

/** Middleware that lets a call through when its token is good and permits enough; `principalOf(req)` says whose it is. */
export function requireToken(
  verifier: Verifier,
  needs: Needs = {},
): (req: NodeRequest, res: NodeResponse, next: (error?: unknown) => void) => void {
  neededPermissions(needs)
  const admit = async (req: NodeRequest, res: NodeResponse): Promise<boolean> => {
    const verdict = await verifier.verifyHeader(authorizationOf(req), needs)
    if (verdict.ok) {
      notePrincipal(req, verdict.principal)
      return true
    }
    const { status, headers, body } = refusalAnswer(verdict.refusal)
    res.statusCode = status
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
    res.end(body)
    return false
  }
  return (req, res, next) => {
    // Two functions, not then().catch(): what the next handler throws is not for us to hand to next again.
    admit(req, res).then((admitted) => {
      if (admitted) next()
    }, next)
  }
}
