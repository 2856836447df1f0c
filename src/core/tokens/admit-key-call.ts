import type { Caller } from '../caller.ts'
import { traced } from '../explain/trace.ts'
import type { Failure } from '../failure.ts'
import { admitApiKey, effectivePermissions, endOfKey, type KeyWithClient } from '../keys/api-key.ts'
import { meterCall } from '../limits/meter.ts'
import { ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { AdmittedCall } from './admit-call.ts'
import { admitAddress, findGenuineKey } from './exchange.ts'
import { knowsRevocations } from './knows-revocations.ts'
import type { Principal } from './verify.ts'

/**
 * Admits a call by an API key itself, where a route takes one: what an exchange and the first call of its token would
 * ask, from memory and without a session. A change of the key reaches it as it reaches tokens.
 */
export async function admitKeyCall(
  parts: ServiceParts,
  apiKey: string,
  caller: Caller,
): Promise<Result<AdmittedCall, Failure>> {
  const { world, memory } = parts
  const genuine = await findGenuineKey(parts, apiKey, caller)
  if (!genuine.ok) return genuine
  const found = genuine.value
  const now = world.now()
  const known = traced(parts, 'revocations_known', knowsRevocations(parts, now))
  if (!known.ok) return known
  const usable = traced(parts, 'key_usable', admitApiKey(found, now))
  if (!usable.ok) return usable
  const placed = traced(parts, 'network', admitAddress(world, found, caller))
  if (!placed.ok) return placed
  const metered = traced(parts, 'rate_and_quota', await meterCall(world, found.key, now))
  if (!metered.ok) return metered
  memory.usage.note(found.key.id, caller, now)
  return ok({ principal: principalOfKey(parts, found, now), key: found.key, meter: metered.value })
}

/** Whom a key speaks for, as a token of it would say; it has no session and no `jti`. */
function principalOfKey({ policy }: ServiceParts, found: KeyWithClient, now: Date): Principal {
  const { key, client } = found
  const end = endOfKey(key)
  return {
    issuer: policy.issuer,
    subject: client.id,
    audiences: [policy.audiences[0]],
    clientId: client.id,
    keyId: key.id,
    assurance: undefined,
    sessionId: '',
    tokenId: '',
    permissions: effectivePermissions(found),
    parentTokenIds: [],
    delegate: undefined,
    issuedAt: Math.floor(now.getTime() / 1000),
    expiresAt: end === undefined ? Infinity : Math.floor(end.getTime() / 1000),
  }
}
