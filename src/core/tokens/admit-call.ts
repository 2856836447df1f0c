import { lacksSecondFactor } from '../accounts/asks-second-factor.ts'
import type { Person } from '../accounts/user.ts'
import type { Caller } from '../caller.ts'
import { after, type Eventually } from '../eventually.ts'
import { traced } from '../explain/trace.ts'
import type { Failure } from '../failure.ts'
import { type ApiKey, effectivePermissions, type KeyWithClient } from '../keys/api-key.ts'
import { keyState } from '../keys/key-state.ts'
import { type MeterReading, meterCall, unmetered } from '../limits/meter.ts'
import { intersect } from '../permissions.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitAddress } from './exchange.ts'
import { knowsRevocations } from './knows-revocations.ts'
import type { Principal } from './verify.ts'
import { verifyAfresh } from './verify-afresh.ts'

/** A call that may go on: who makes it, with which key, and what its limits say. */
export interface AdmittedCall {
  readonly principal: Principal
  /** Undefined where a person calls, who has no limits but those of the route. */
  readonly key: ApiKey | undefined
  readonly meter: MeterReading
}

export interface AdmitOptions {
  /** Says whether the call is one by which a second factor is set up, which a session that lacks one may make. */
  readonly isEnrolment?: (() => boolean) | undefined
}

export type Admit = (
  accessToken: string,
  caller: Caller,
  how?: AdmitOptions,
) => Eventually<Result<AdmittedCall, Failure>>

/**
 * Admits a call by its access token: the token itself, the live revocations, the state of its key, the key's networks
 * and limits. All from memory, but for the first sight of a key and for keys with limits.
 */
export function admitCall(
  parts: ServiceParts,
  accessToken: string,
  { caller, isEnrolment }: AdmitOptions & { readonly caller: Caller },
): Eventually<Result<AdmittedCall, Failure>> {
  const now = parts.world.now()
  // For the gateway itself: a token for another audience is somebody else's to admit.
  const audiences = [parts.policy.audiences[0]]
  return after(findLiveToken(parts, accessToken, { now, audiences, isEnrolment }), (live) =>
    live.ok ? admitLive(parts, live.value, { caller, now }) : live,
  )
}

function admitLive(
  parts: ServiceParts,
  live: LiveToken,
  { caller, now }: { readonly caller: Caller; readonly now: Date },
): Eventually<Result<AdmittedCall, Failure>> {
  const { world, memory } = parts
  if (live.key === undefined) return ok({ principal: live.principal, key: undefined, meter: unmetered })
  const { principal, key } = live
  const placed = traced(parts, 'network', admitAddress(world, live, caller))
  if (!placed.ok) return placed
  return after(meterCall(world, key, now), (reading) => {
    const metered = traced(parts, 'rate_and_quota', reading)
    if (!metered.ok) return metered
    memory.usage.note(key.id, caller, now)
    return ok({ principal, key, meter: metered.value })
  })
}

/** A token that nothing has ended, with the key or the person that it came from. */
export type LiveToken = LiveTokenOfKey | LiveTokenOfPerson

interface LiveTokenOfKey extends KeyWithClient {
  readonly principal: Principal
}

interface LiveTokenOfPerson {
  readonly principal: Principal
  readonly key: undefined
  readonly person: Person
}

/**
 * Verifies a token for one of some audiences, and that neither a revocation nor the state of its key or its person has
 * ended it.
 */
export function findLiveToken(
  parts: ServiceParts,
  accessToken: string,
  { now, audiences, isEnrolment }: Asked & { readonly audiences: readonly string[] },
): Eventually<Result<LiveToken, Failure>> {
  return after(verifyAfresh(parts, accessToken, { now, audiences }), (outcome) => {
    const verified = traced(parts, 'token_valid', outcome)
    return verified.ok ? admitVerified(parts, verified.value, { now, isEnrolment }) : verified
  })
}

interface Asked extends AdmitOptions {
  readonly now: Date
}

function admitVerified(
  parts: ServiceParts,
  principal: Principal,
  { now, isEnrolment }: Asked,
): Eventually<Result<LiveToken, Failure>> {
  const { world, memory } = parts
  const known = traced(parts, 'revocations_known', knowsRevocations(parts, now))
  if (!known.ok) return known
  const standing = traced(parts, 'not_revoked', notRevoked(memory.revocations.concerning(principal)))
  if (!standing.ok) return standing
  if (principal.keyId === undefined) return findLivePerson(parts, principal, { now, isEnrolment })
  return after(memory.directory.find(world.store, principal.keyId, now), (found) => {
    const usable = traced(parts, 'key_usable', admitKeyOfToken(found, now))
    if (!usable.ok) return usable
    const { key, client } = usable.value
    return ok({ principal: withinOwner(principal, usable.value), key, client })
  })
}

/** A token of somebody's own key permits no more than they may still; of all others what it says. */
function withinOwner(principal: Principal, found: KeyWithClient): Principal {
  if (found.client.ownerId === undefined) return principal
  return { ...principal, permissions: intersect(effectivePermissions(found), principal.permissions) }
}

/** A token of a person permits what it did when it was minted, and of that only what the role permits still. */
async function findLivePerson(
  parts: ServiceParts,
  principal: Principal,
  { now, isEnrolment }: Asked,
): Promise<Result<LiveToken, Failure>> {
  const { world, memory } = parts
  const found = await memory.people.find(world.store, principal.subject, now)
  const person = traced(parts, 'user_usable', admitPersonOfToken(found, principal, now))
  if (!person.ok) return person
  const enough = traced(parts, 'second_factor', admitAssurance(parts, person.value, principal))
  if (!enough.ok && isEnrolment?.() !== true) return enough
  const permissions = intersect(person.value.role.permissions, principal.permissions)
  return ok({ principal: { ...principal, permissions }, key: undefined, person: person.value })
}

/** A token of a session that was opened without the second factor that its role, or its owner, asks for opens nothing. */
export function admitAssurance(
  { policy }: Pick<ServiceParts, 'policy'>,
  { role }: Person,
  { assurance, face }: Principal,
): Result<void, Failure> {
  return face?.secondFactorDue === true || lacksSecondFactor(policy, role, assurance?.level ?? 1)
    ? fail({ reason: 'second_factor_required', by: 'session' })
    : ok(undefined)
}

/** A token lives no longer than the account of its person. */
export function admitPersonOfToken(
  found: Person | undefined,
  { assurance }: Principal,
  now: Date,
): Result<Person, Failure> {
  if (found === undefined || found.deletedAt !== undefined)
    return fail({ reason: 'token_revoked', kind: 'user' })
  if (found.disabledAt !== undefined) return fail({ reason: 'token_revoked', kind: 'user disabled' })
  if (found.bannedUntil !== undefined && found.bannedUntil > now) {
    return fail({ reason: 'token_revoked', kind: 'user banned' })
  }
  const signedInAt = assurance?.authenticatedAt ?? 0
  if (found.notBefore !== undefined && signedInAt < Math.floor(found.notBefore.getTime() / 1000)) {
    return fail({ reason: 'token_revoked', kind: 'user cut off' })
  }
  return ok(found)
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
