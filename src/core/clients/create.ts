import type { Failure } from '../failure.ts'
import { uncovered } from '../permissions.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Principal } from '../tokens/verify.ts'
import type { Client } from './client.ts'

export interface NewClient {
  readonly name: string
  readonly permissions: readonly string[]
  /** The person whose client it is, who bounds what it may do; undefined for the operator's own. */
  readonly ownerId: string | undefined
}

/** Adds a client, of the operator's or of somebody who has an account. Nobody can give what they do not hold. */
export async function createClient(
  world: World,
  actor: Principal,
  wanted: NewClient,
): Promise<Result<Client, Failure>> {
  const now = world.now()
  const missing = uncovered(actor.permissions, wanted.permissions)
  if (missing.length > 0) return fail({ reason: 'permissions_not_held', permissions: missing })
  if (wanted.ownerId !== undefined) {
    const owner = await world.store.findUser(wanted.ownerId)
    if (owner === undefined || owner.user.deletedAt !== undefined) return fail({ reason: 'user_not_found' })
  }
  const client: Client = {
    id: world.newId(),
    ...wanted,
    createdAt: now,
    disabledAt: undefined,
    notBefore: undefined,
  }
  const inserted = await world.store.insertClient(client)
  return inserted ? ok(client) : fail({ reason: 'client_name_taken' })
}
