import type { Caller } from '../caller.ts'
import { traced } from '../explain/trace.ts'
import type { Failure } from '../failure.ts'
import type { ApiKey, KeyWithClient } from '../keys/api-key.ts'
import { keyState } from '../keys/key-state.ts'
import { type MeterReading, meterCall } from '../limits/meter.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitAddress } from './exchange.ts'
import type { Principal } from './verify.ts'
import { verifyAfresh } from './verify-afresh.ts'

/** A call that may go on: who makes it, with which key, and what its limits say. */
export interface AdmittedCall {
  readonly principal: Principal
  readonly key: ApiKey
  readonly meter: MeterReading
}

/**
 * Admits a call by its access token: the token itself, the live revocations, the state of its key, the key's networks
 * and limits. All from memory, but for the first sight of a key and for keys with limits.
 */
export async function admitCall(
  parts: ServiceParts,
  accessToken: string,
  caller: Caller,
): Promise<Result<AdmittedCall, Failure>> {
  const { world, memory } = parts
  const now = world.now()
  // For the gateway itself: a token for another audience is somebody else's to admit.
  const live = await findLiveToken(parts, accessToken, { now, audiences: [parts.policy.audiences[0]] })
  if (!live.ok) return live
  const { principal, key } = live.value
  const placed = traced(parts, 'network', admitAddress(world, live.value, caller))
  if (!placed.ok) return placed
  const metered = traced(parts, 'rate_and_quota', await meterCall(world, key, now))
  if (!metered.ok) return metered
  memory.usage.note(principal.keyId, caller, now)
  return ok({ principal, key, meter: metered.value })
}

/** A token that nothing has ended, with the key that it came from. */
export interface LiveToken extends KeyWithClient {
  readonly principal: Principal
}

/** Verifies a token for one of some audiences, and that neither a revocation nor the state of its key has ended it. */
export async function findLiveToken(
  parts: ServiceParts,
  accessToken: string,
  { now, audiences }: { readonly now: Date; readonly audiences: readonly string[] },
): Promise<Result<LiveToken, Failure>> {
  const { world, memory } = parts
  const verified = traced(parts, 'token_valid', await verifyAfresh(parts, accessToken, { now, audiences }))
  if (!verified.ok) return verified
  const principal = verified.value
  const known = traced(parts, 'revocations_known', knowsRevocations(parts, now))
  if (!known.ok) return known
  const standing = traced(parts, 'not_revoked', notRevoked(memory.revocations.concerning(principal)))
  if (!standing.ok) return standing
  const found = await memory.directory.find(world.store, principal.keyId, now)
  const usable = traced(parts, 'key_usable', admitKeyOfToken(found, now))
  return usable.ok ? ok({ principal, ...usable.value }) : usable
}

/** How long ago this process last knew of every revocation. */
export function revocationsAgeSeconds({ memory }: Pick<ServiceParts, 'memory'>, now: Date): number {
  return (now.getTime() - memory.revocations.syncedAt().getTime()) / 1000
}

/** Refuses while this process does not know whether a revocation has been missed for too long. */
export function knowsRevocations(parts: ServiceParts, now: Date): Result<void, Failure> {
  const staleSeconds = revocationsAgeSeconds(parts, now)
  if (staleSeconds <= parts.policy.revocationsStaleSeconds) return ok(undefined)
  return fail({ reason: 'revocations_stale', staleSeconds })
}

function notRevoked(kind: string | undefined): Result<void, Failure> {
  return kind === undefined ? ok(undefined) : fail({ reason: 'token_revoked', kind })
}

/** A token lives no longer than the key that it came from, whatever ended that. */
function admitKeyOfToken(found: KeyWithClient | undefined, now: Date): Result<KeyWithClient, Failure> {
  if (found === undefined) return fail({ reason: 'token_revoked', kind: 'key' })
  const state = keyState(found.key, now)
  if (state !== 'active' && state !== 'retiring')
    return fail({ reason: 'token_revoked', kind: `key ${state}` })
  if (found.client.disabledAt !== undefined) return fail({ reason: 'token_revoked', kind: 'client disabled' })
  return ok(found)
}
