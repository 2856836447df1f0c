import { ok, type Result } from '../../core/result.ts'
import { callerOf } from '../../http/caller.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { limitHeaders } from '../../http/limit-headers.ts'
import type { Refusal } from '../../http/refusal.ts'
import { tell } from '../../http/reply.ts'

/**
 * Judges the key by which an application names itself in `apikey`, whoever uses it. What is no key of ours says nothing;
 * one of ours that is not good any more is refused, so that an application ends with its key.
 */
export async function admitApplicationKey(c: GatewayContext): Promise<Result<void, Refusal>> {
  const key = c.env.header('apikey')
  // Judged and counted already, where the call is made by a key.
  if (key === undefined || c.get('key') !== undefined) return ok(undefined)
  const admitted = await c.env.service.admitApplication(key, callerOf(c))
  if (!admitted.ok) return admitted
  const rate = admitted.value?.meter.rate
  if (rate !== undefined) tell(c, limitHeaders(rate))
  return ok(undefined)
}
