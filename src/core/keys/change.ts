import type { Failure } from '../failure.ts'
import { uncovered } from '../permissions.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { type Revocation, revocationOf } from '../tokens/revocations.ts'
import type { Principal } from '../tokens/verify.ts'
import type { ApiKey, KeyWithClient, RateLimit } from './api-key.ts'
import { keyState } from './key-state.ts'

/** What an update may set; undefined leaves a field as it is, null empties it. */
export interface KeyUpdate {
  readonly name?: string | undefined
  readonly permissions?: readonly string[] | undefined
  readonly expiresAt?: Date | null | undefined
  readonly allowedCidrs?: readonly string[] | undefined
  readonly rateLimit?: RateLimit | null | undefined
  readonly quota?: number | null | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

interface Change {
  readonly key: ApiKey
  /** True when the tokens that live must not outlive the change. */
  readonly endsTokens: boolean
}

type Deps = Pick<ServiceParts, 'world' | 'policy' | 'memory'>

/** Changes a key's own data. Permissions stay within the client's and the actor's. */
export function updateKey(
  deps: Deps,
  actor: Principal,
  { id, update }: { readonly id: string; readonly update: KeyUpdate },
): Promise<Result<ApiKey, Failure>> {
  return change(deps, id, ({ key, client }, now) => {
    const permissions = update.permissions ?? key.permissions
    const beyondClient = uncovered(client.permissions, update.permissions ?? [])
    if (beyondClient.length > 0)
      return fail({ reason: 'permissions_exceed_client', permissions: beyondClient })
    // What it may do now as well: who lifts a limit of a key makes it stronger.
    const beyondActor = uncovered(actor.permissions, [...key.permissions, ...(update.permissions ?? [])])
    if (beyondActor.length > 0) return fail({ reason: 'permissions_not_held', permissions: beyondActor })
    if (update.expiresAt && update.expiresAt <= now) return fail({ reason: 'expires_at_past' })
    const wrong = update.allowedCidrs?.find((cidr) => !deps.world.addresses.isCidr(cidr))
    if (wrong !== undefined) return fail({ reason: 'cidr_invalid', cidr: wrong })
    const next: ApiKey = {
      ...key,
      name: update.name ?? key.name,
      permissions,
      expiresAt: settled(update.expiresAt, key.expiresAt),
      allowedCidrs: update.allowedCidrs ?? key.allowedCidrs,
      rateLimit: settled(update.rateLimit, key.rateLimit),
      quota: settled(update.quota, key.quota),
      metadata: update.metadata ?? key.metadata,
    }
    // A token carries the permissions of its minting: with fewer of them it must be minted anew.
    const endsTokens = uncovered(permissions, key.permissions).length > 0
    return ok({ key: next, endsTokens })
  })
}

/** Stops a key until it is enabled again; its live tokens end at once. */
export function disableKey(deps: Deps, id: string): Promise<Result<ApiKey, Failure>> {
  return change(deps, id, ({ key }, now) => {
    if (key.revokedAt !== undefined) return fail({ reason: 'key_not_current', state: 'revoked' })
    if (key.disabledAt !== undefined) return ok({ key, endsTokens: false })
    return ok({ key: { ...key, disabledAt: now }, endsTokens: true })
  })
}

/** Lets a disabled key work again, by somebody who holds what it may do. Tokens from before stay dead: their holder exchanges or refreshes. */
export function enableKey(deps: Deps, actor: Principal, id: string): Promise<Result<ApiKey, Failure>> {
  return change(deps, id, ({ key }) => {
    if (key.revokedAt !== undefined) return fail({ reason: 'key_not_current', state: 'revoked' })
    const beyondActor = uncovered(actor.permissions, key.permissions)
    if (beyondActor.length > 0) return fail({ reason: 'permissions_not_held', permissions: beyondActor })
    if (key.disabledAt === undefined) return ok({ key, endsTokens: false })
    return ok({ key: { ...key, disabledAt: undefined }, endsTokens: false })
  })
}

/** Revokes a key for good, its sessions and live tokens with it. A second time changes nothing. */
export function revokeKey(
  deps: Deps,
  { id, reason }: { readonly id: string; readonly reason: string | undefined },
): Promise<Result<ApiKey, Failure>> {
  return change(deps, id, ({ key }, now) => {
    if (key.revokedAt !== undefined) return ok({ key, endsTokens: false })
    return ok({ key: { ...key, revokedAt: now, revokedReason: reason }, endsTokens: true })
  })
}

/** How long ago a key may have been used to count as still in use. */
const IN_USE_SECONDS = 3600

/** Ends a rotated key before its overlap does. Refused while it is in use, unless it is forced. */
export function retireKey(
  deps: Deps,
  { id, force }: { readonly id: string; readonly force: boolean },
): Promise<Result<ApiKey, Failure>> {
  return change(deps, id, async ({ key }, now) => {
    const state = keyState(key, now)
    if (state !== 'retiring') return fail({ reason: 'key_not_current', state })
    const usage = await deps.world.store.findKeyUsage(id)
    const inUse = usage !== undefined && now.getTime() - usage.lastUsedAt.getTime() < IN_USE_SECONDS * 1000
    if (inUse && !force) return fail({ reason: 'key_in_use', lastUsedAt: usage.lastUsedAt })
    return ok({ key: { ...key, retiresAt: now }, endsTokens: true })
  })
}

/** Removes a key and its record; what it did stays in the audit log. Its live tokens end as if it had been revoked. */
export async function deleteKey(deps: Deps, id: string): Promise<Result<void, Failure>> {
  const revocation = keyRevocation(deps, id, deps.world.now())
  const deleted = await deps.world.store.deleteKey(id, revocation)
  if (!deleted) return fail({ reason: 'key_not_found' })
  noteRevocation(deps.memory, revocation)
  return ok(undefined)
}

type Judge = (found: KeyWithClient, now: Date) => Result<Change, Failure> | Promise<Result<Change, Failure>>

/** Looks, judges, and writes if nothing came between. */
function change(deps: Deps, id: string, judge: Judge): Promise<Result<ApiKey, Failure>> {
  return untilSettled(async () => {
    const now = deps.world.now()
    const found = await deps.world.store.findKey(id)
    if (found === undefined) return fail({ reason: 'key_not_found' })
    const judged = await judge(found, now)
    if (!judged.ok) return judged
    // Nothing to change, nothing to write: the same order again costs a look.
    if (judged.value.key === found.key) return ok(found.key)
    const key = { ...judged.value.key, version: found.key.version + 1 }
    const revocation = judged.value.endsTokens ? keyRevocation(deps, id, now) : undefined
    const written = await deps.world.store.replaceKey(key, revocation)
    if (!written) return changed
    deps.memory.directory.forget(id)
    if (revocation !== undefined) noteRevocation(deps.memory, revocation)
    return ok(key)
  })
}

function keyRevocation({ policy }: Deps, id: string, now: Date): Revocation {
  return revocationOf({ kind: 'key', subject: id }, { now, clockSkewSeconds: policy.clockSkewSeconds })
}

function settled<T>(wanted: T | null | undefined, current: T | undefined): T | undefined {
  if (wanted === undefined) return current
  return wanted ?? undefined
}
