import type { Person } from '../accounts/user.ts'
import { intersect } from '../permissions.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { SessionWithKey } from '../tokens/session.ts'
import type { KeyWithClient } from './api-key.ts'

/**
 * A key whose client is somebody's, as its owner leaves it today: it may do no more than they may, and is good for
 * nothing while they are disabled, banned or deleted. Judged so at each use, so that nothing of it has to be written anywhere.
 */
export function underOwner(found: KeyWithClient, owner: Person | undefined, now: Date): KeyWithClient {
  const { key, client } = found
  const banned = owner?.bannedUntil !== undefined && owner.bannedUntil > now ? now : undefined
  const gone = owner === undefined ? client.createdAt : (owner.deletedAt ?? owner.disabledAt ?? banned)
  return {
    key,
    client: {
      ...client,
      permissions: intersect(owner?.role.permissions ?? [], client.permissions),
      disabledAt: client.disabledAt ?? gone,
    },
  }
}

/** The session of a machine with its key as above. */
export async function findKeySession(
  { world, memory }: Pick<ServiceParts, 'world' | 'memory'>,
  id: string,
  now: Date,
): Promise<SessionWithKey | undefined> {
  const found = await world.store.findSession(id)
  if (found?.client.ownerId === undefined) return found
  const owner = await memory.people.find(world.store, found.client.ownerId, now)
  return { session: found.session, ...underOwner(found, owner, now) }
}
