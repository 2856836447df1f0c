import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { type ApiKey, admitApiKey, type KeyWithClient } from '../keys/api-key.ts'
import { unmetered } from '../limits/meter.ts'
import { ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { isStoreUnavailable } from '../unavailable.ts'
import type { GenuineExchange, TokenPair } from './exchange.ts'
import { knowsRevocations } from './knows-revocations.ts'
import { mintPair, planOpening } from './opening.ts'

/**
 * The exchange of a genuine key that could not be settled against the database: judged by what is known of the key, with
 * a session that waits in memory to be written. @throws the fault, where the operator or our knowledge does not allow it
 */
export async function exchangeFromMemory(
  parts: ServiceParts,
  fault: unknown,
  {
    judged,
    request,
    caller,
  }: { readonly judged: ApiKey; readonly caller: Caller } & Pick<GenuineExchange, 'request'>,
): Promise<Result<TokenPair, Failure>> {
  // Not when the call came: it may have waited for the database for seconds.
  const now = parts.world.now()
  const found = isStoreUnavailable(fault) ? recallGoodKey(parts, judged, now) : undefined
  if (found === undefined) throw fault
  const admitted = admitApiKey(found, now)
  if (!admitted.ok) return admitted
  const opening = planOpening(parts, { found, request, caller, degraded: true }, now)
  if (!opening.ok) return opening
  const pair = await mintPair(parts, opening.value, { caller, meter: unmetered })
  const { session, event } = opening.value
  const kept = parts.memory.keptSessions.keep({ session, permissions: pair.permissions, event })
  if (!kept) throw fault
  return ok(pair)
}

/** The key as it was judged, where it is known well enough to be exchanged without anybody to ask. */
function recallGoodKey(parts: ServiceParts, judged: ApiKey, now: Date): KeyWithClient | undefined {
  const { policy, memory } = parts
  if (policy.degradedExchangeSeconds === 0) return undefined
  // Its calls cannot be counted.
  if (judged.rateLimit !== undefined || judged.quota !== undefined) return undefined
  if (!knowsRevocations(parts, now).ok) return undefined
  const since = new Date(now.getTime() - policy.degradedExchangeSeconds * 1000)
  const known = memory.directory.recall(judged.id, { since, now })
  // Forgotten or changed while the database was asked: what was judged is no longer what is known.
  return known?.key.version === judged.version ? known : undefined
}
