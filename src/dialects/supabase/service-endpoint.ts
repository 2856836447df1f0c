import { fail, ok, type Result } from '../../core/result.ts'
import { callerOf } from '../../http/caller.ts'
import { readBearerToken } from '../../http/credentials.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { limitHeaders } from '../../http/limit-headers.ts'
import type { Endpoint, RequestSchemas } from '../../http/mount.ts'
import type { Refusal } from '../../http/refusal.ts'
import { tell } from '../../http/reply.ts'
import { type EndpointSpec, endpoint } from './endpoint.ts'
import { refused } from './refuse.ts'

/**
 * One endpoint for the operator's own programs. It stands among the public routes, since it admits its callers by itself
 * and by more than tokens; before anything else of the call is read.
 */
export function serviceEndpoint<S extends RequestSchemas = Record<never, never>>(
  spec: EndpointSpec<S>,
): Endpoint {
  const inner = endpoint({ ...spec, errors: [...new Set([401, 403, 429, 503, ...spec.errors])] })
  return {
    ...inner,
    async handle(c) {
      const admitted = await admitServiceCall(c)
      return admitted.ok ? inner.handle(c) : refused(c, admitted.failure)
    },
  }
}

/** From then on `actorOf` says which program it is. */
async function admitServiceCall(c: GatewayContext): Promise<Result<void, Refusal>> {
  tell(c, { Vary: 'Authorization, apikey' })
  const credential = readCredential(c)
  if (!credential.ok) return credential
  const admitted = await c.env.service.admitService(credential.value, callerOf(c))
  if (!admitted.ok) return admitted
  const { principal, key, meter } = admitted.value
  c.set('principal', principal)
  c.set('key', key)
  c.set('meter', meter)
  if (meter.rate !== undefined) tell(c, limitHeaders(meter.rate))
  return ok(undefined)
}

/** What is in the Authorization header, and without one the `apikey`: clients send the key in both, or somebody's token in the first. */
function readCredential(c: GatewayContext): Result<string, Refusal> {
  if (c.env.header('authorization') !== undefined) return readBearerToken(c)
  const key = c.env.header('apikey')
  return key === undefined ? fail({ reason: 'credential_missing' }) : ok(key)
}
