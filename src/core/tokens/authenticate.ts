import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { admitApiKey, type KeyWithClient } from '../keys/api-key.ts'
import { fail, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitAddress, findGenuineKey, speaksFor } from './exchange.ts'

/** A client as it shows itself: an id of its own or of its key, and the key. */
export interface ClientCredentials {
  readonly clientId: string
  readonly apiKey: string
}

/** Finds the client that shows a key, where the key may be used now and from here. Counts nothing but wrong keys. */
export async function findAuthenticClient(
  parts: ServiceParts,
  { clientId, apiKey }: ClientCredentials,
  caller: Caller,
): Promise<Result<KeyWithClient, Failure>> {
  const { world, memory } = parts
  const found = await findGenuineKey(parts, apiKey, caller)
  if (!found.ok) return found
  if (!speaksFor(found.value, clientId)) return fail({ reason: 'api_key_invalid' })
  const now = world.now()
  const admitted = admitApiKey(found.value, now)
  if (admitted.ok) return admitAddress(world, found.value, caller)
  // Refused from memory, it is looked at once more: a key that was enabled a moment ago must work.
  const fresh = await memory.directory.findFresh(world.store, found.value.key.id, now)
  if (fresh === undefined) return fail({ reason: 'api_key_invalid' })
  const again = admitApiKey(fresh, now)
  return again.ok ? admitAddress(world, fresh, caller) : again
}
