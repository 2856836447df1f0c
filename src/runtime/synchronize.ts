import type { World } from '../core/ports.ts'
import { noteRevocation } from '../core/service-parts.ts'
import { reloadSigningKeys } from '../core/tokens/keep-signing-keys.ts'
import type { Announcement } from '../store/announcements.ts'
import type { ProcessMemory } from './memory.ts'

/** How far back a poll looks beyond the last one: a transaction may commit some time after it took its clock. */
const OVERLAP_MS = 60_000

/** Brings the live revocations up to date with the store. @throws when the store cannot tell */
export async function syncRevocations(world: World, memory: ProcessMemory): Promise<void> {
  const now = world.now()
  const syncedAt = memory.revocations.syncedAt()
  // After a clock that ran ahead all are read again: there, what lives still was forgotten as over.
  const since = syncedAt > now ? undefined : new Date(syncedAt.getTime() - OVERLAP_MS)
  const listed = await world.store.listRevocations(now, since)
  // Set back meanwhile: what lives by the clock as it is now was left out as over.
  if (world.now() < now) return syncRevocations(world, memory)
  for (const revocation of listed) noteRevocation(memory, revocation)
  memory.revocations.prune(now)
  memory.revocations.markSynced(now)
}

/** As above, of all that others may have changed and we may not have heard. @throws when the store cannot tell */
export async function catchUp(world: World, memory: ProcessMemory): Promise<void> {
  await syncRevocations(world, memory)
  await reloadSigningKeys(world, memory.signingKeys)
}

/** Applies what an instance announced, this one included. */
export async function hear(
  announcement: Announcement,
  { world, memory }: { readonly world: World; readonly memory: ProcessMemory },
): Promise<void> {
  if (announcement.type === 'revocation') noteRevocation(memory, announcement.revocation)
  if (announcement.type === 'key') memory.directory.forget(announcement.id)
  if (announcement.type === 'client') memory.directory.doubt()
  if (announcement.type === 'user') memory.people.forget(announcement.id)
  if (announcement.type === 'role') memory.people.forgetAll()
  if (announcement.type === 'signing-keys') await reloadSigningKeys(world, memory.signingKeys)
}
