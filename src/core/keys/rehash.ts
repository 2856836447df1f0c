import type { ServiceParts } from '../service-parts.ts'
import type { ApiKey } from './api-key.ts'

/**
 * Moves a key's digest from an older secret to the one that writes, now that its text is at hand. It says the same of
 * the same key, so that its version stays. For a key that has moved already it costs a comparison.
 */
export async function rehashKey(
  { world, memory }: Pick<ServiceParts, 'world' | 'memory'>,
  { id, digest }: Pick<ApiKey, 'id' | 'digest'>,
  text: string,
): Promise<void> {
  if (world.vault.isCurrent(digest)) return
  await world.store.rehashKey(id, { from: digest, to: world.vault.digest('api-key', text) })
  memory.directory.forget(id)
}
