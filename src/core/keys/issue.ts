import type { OwnKeyRoom } from '../accounts/administration-store.ts'
import type { Failure } from '../failure.ts'
import { uncovered } from '../permissions.ts'
import type { Policy } from '../policy.ts'
import type { World } from '../ports.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Principal } from '../tokens/verify.ts'
import { type ApiKey, mintApiKeyText, parseApiKey, type RateLimit } from './api-key.ts'
import { callerIdOf, recall, replayOf } from './idempotency.ts'
import { keyPrefixOf } from './supabase-key.ts'

export interface NewKey {
  readonly name: string
  /** Undefined takes all that the client may do. */
  readonly permissions: readonly string[] | undefined
  readonly expiresAt: Date | undefined
  readonly allowedCidrs: readonly string[]
  readonly rateLimit: RateLimit | undefined
  readonly quota: number | undefined
  readonly metadata: Readonly<Record<string, unknown>>
  readonly canary: boolean
}

export interface IssuedKey {
  readonly key: ApiKey
  /** The key itself: this once and never again. */
  readonly text: string
}

export interface KeyOrder {
  readonly clientId: string
  readonly wanted: NewKey
  /** The caller's `Idempotency-Key`: the same order again gets the same answer, the secret included. */
  readonly idempotencyKey: string | undefined
  /** The person whose own key it is to be, and how many of those may live; undefined for keys that administrators make. */
  readonly own?: Pick<OwnKeyRoom, 'ownerId' | 'max'> | undefined
}

/** Makes a key for a client, with no more than the client may do and the actor holds. */
export function issueKey(
  { world, policy }: { readonly world: World; readonly policy: Policy },
  actor: Principal,
  { clientId, wanted, idempotencyKey, own }: KeyOrder,
): Promise<Result<IssuedKey, Failure>> {
  return untilSettled(async () => {
    const now = world.now()
    const client = await world.store.findClient(clientId)
    if (client === undefined) return fail({ reason: 'client_not_found' })
    const call =
      idempotencyKey === undefined ? undefined : idempotent(actor, { idempotencyKey, clientId, wanted })
    const recalled = call && (await recall(world, call, { now, held: actor.permissions }))
    if (recalled !== undefined) return recalled
    const permissions = wanted.permissions ?? client.permissions
    const beyondClient = uncovered(client.permissions, permissions)
    if (beyondClient.length > 0)
      return fail({ reason: 'permissions_exceed_client', permissions: beyondClient })
    const beyondActor = uncovered(actor.permissions, permissions)
    if (beyondActor.length > 0) return fail({ reason: 'permissions_not_held', permissions: beyondActor })
    if (wanted.expiresAt !== undefined && wanted.expiresAt <= now) return fail({ reason: 'expires_at_past' })
    const wrong = wanted.allowedCidrs.find((cidr) => !world.addresses.isCidr(cidr))
    if (wrong !== undefined) return fail({ reason: 'cidr_invalid', cidr: wrong })

    const text = mintApiKeyText(world, keyPrefixOf(policy, permissions))
    const key = keyRecord(world, text, { clientId, wanted: { ...wanted, permissions }, now })
    const issued = { key, text }
    const replay = call && replayOf(world, call, { issued, now })
    const outcome = own
      ? await world.store.insertOwnKey(key, { ...own, replay, now })
      : await world.store.insertKey(key, replay)
    if (outcome === 'too_many') return fail({ reason: 'own_keys_too_many', max: own?.max ?? 0 })
    // The same call came twice at once: the other one has made the key, and this one recalls its answer.
    return outcome ? ok(issued) : changed
  })
}

function idempotent(
  actor: Principal,
  { idempotencyKey, clientId, wanted }: { idempotencyKey: string; clientId: string; wanted: NewKey },
) {
  return {
    key: idempotencyKey,
    callerId: callerIdOf(actor),
    request: JSON.stringify(['issue', clientId, wanted]),
  }
}

/** The record of a key whose text is well formed. */
export function keyRecord(
  world: Pick<World, 'vault'>,
  text: string,
  of: {
    readonly clientId: string
    readonly wanted: NewKey & { readonly permissions: readonly string[] }
    readonly now: Date
  },
): ApiKey {
  const parsed = parseApiKey(text)
  if (parsed === undefined) throw new Error('A key record needs a well-formed key.')
  return {
    ...of.wanted,
    id: parsed.id,
    clientId: of.clientId,
    prefix: parsed.prefix,
    digest: world.vault.digest('api-key', text),
    createdAt: of.now,
    disabledAt: undefined,
    revokedAt: undefined,
    revokedReason: undefined,
    successorId: undefined,
    rotatedAt: undefined,
    retiresAt: undefined,
    version: 1,
  }
}

/** A key with no limits of its own. */
export const unlimited = {
  expiresAt: undefined,
  allowedCidrs: [],
  rateLimit: undefined,
  quota: undefined,
  metadata: {},
  canary: false,
} as const satisfies Partial<NewKey>
