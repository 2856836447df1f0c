import type { Actor } from '../caller.ts'
import type { Client } from '../clients/client.ts'
import type { Failure } from '../failure.ts'
import type { ApiKey } from '../keys/api-key.ts'
import { revokeKey } from '../keys/change.ts'
import { type IssuedKey, issueKey, type NewKey, unlimited } from '../keys/issue.ts'
import { idForms, type Listing, listing, type PageRequest, parsePage } from '../page.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitLasting } from './admit-lasting.ts'
import { personOf } from './person-of.ts'
import { provePassword } from './prove-password.ts'

/** Enough for every machine that somebody has, and few enough to look through. Those that are over do not count. */
const OWN_KEYS_MAX = 20

/** What people may choose of their own keys. How much a key may be used is the operator's to say. */
export interface OwnKeyOrder extends Pick<NewKey, 'name' | 'expiresAt' | 'allowedCidrs'> {
  readonly permissions: readonly string[]
  /** The person's, shown again: a token that was stolen for an hour makes no key that stays. */
  readonly password: string
  readonly idempotencyKey: string | undefined
}

/**
 * Makes a key of the person who asks and shows the password, with no more than they may do. It hangs on a
 * client of theirs, which is made with the first key and may do whatever its owner may at that moment.
 */
export async function issueOwnKey(
  parts: ServiceParts,
  actor: Actor,
  { idempotencyKey, password, ...wanted }: OwnKeyOrder,
): Promise<Result<IssuedKey, Failure>> {
  const { world, policy } = parts
  const proven = await provePassword(parts, actor, password)
  if (!proven.ok) return proven
  const { user } = proven.value
  const ownerId = user.id
  const lasting = admitLasting(policy, user)
  if (!lasting.ok) return lasting
  const id = world.newId()
  const fresh: Client = {
    id,
    // By its own id: a name that could be guessed could be taken.
    name: `own keys ${id}`,
    permissions: ['*'],
    createdAt: world.now(),
    disabledAt: undefined,
    notBefore: undefined,
    ownerId,
  }
  const client = await world.store.ownClient(ownerId, fresh)
  if (client === undefined) return fail({ reason: 'person_needed' })
  return issueKey(parts, actor.principal, {
    clientId: client.id,
    wanted: { ...unlimited, ...wanted },
    idempotencyKey,
    own: { ownerId, max: OWN_KEYS_MAX },
  })
}

/** The keys of the person who asks, also those that an administrator made for them; oldest first. */
export async function listOwnKeys(
  { world }: ServiceParts,
  actor: Actor,
  request: PageRequest,
): Promise<Result<Listing<ApiKey>, Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const page = parsePage(request, idForms.apiKey)
  if (!page.ok) return page
  const rows = await world.store.listOwnedKeys(person.value.userId, {
    ...page.value,
    limit: request.limit + 1,
  })
  return ok(listing(rows, request.limit))
}

/** Revokes a key of the person who asks for good. Anybody else's is not there. */
export async function revokeOwnKey(
  parts: ServiceParts,
  actor: Actor,
  id: string,
): Promise<Result<ApiKey, Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const found = await parts.world.store.findKey(id)
  if (found?.client.ownerId !== person.value.userId) return fail({ reason: 'key_not_found' })
  return revokeKey(parts, { id, reason: undefined })
}
