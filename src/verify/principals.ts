import type { Principal } from './verifier.ts'

// Beside the requests and not on them: a property would need every framework's types to be widened, and could be set by others.
const principals = new WeakMap<object, Principal>()

/** Notes who calls. */
export function notePrincipal(request: object, principal: Principal): void {
  principals.set(request, principal)
}

/** Who calls. Throws where `requireToken` has not let the request through, so that no route is open by mistake. */
export function principalOf(request: object): Principal {
  const principal = principals.get(request)
  if (principal === undefined) throw new Error('This request has not passed requireToken.')
  return principal
}
