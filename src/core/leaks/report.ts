import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { ApiKey } from '../keys/api-key.ts'
import { revokeKey } from '../keys/change.ts'
import { hideCredentials } from '../keys/find-credentials.ts'
import type { Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { findGenuineKey } from '../tokens/exchange.ts'
import { raiseAlarm } from './alarm.ts'

export interface LeakReport {
  readonly apiKey: string
  /** Where it was found: a URL, or a few words. */
  readonly source: string | undefined
}

/**
 * Kills a key that somebody found where it should not be, and tells its owner. Possession is the authority: what is no
 * key of ours is refused as everywhere, and counts as a guess. A key that is dead already stays as it is, in silence.
 */
export async function reportLeak(
  parts: ServiceParts,
  { apiKey, source }: LeakReport,
  caller: Caller,
): Promise<Result<ApiKey, Failure>> {
  const genuine = await findGenuineKey(parts, apiKey, caller)
  if (!genuine.ok) return genuine
  const { id } = genuine.value.key
  const before = await parts.memory.directory.findFresh(parts.world.store, id, parts.world.now())
  const revoked = await revokeKey(parts, { id, reason: 'leaked' })
  if (revoked.ok && before?.key.revokedAt === undefined) {
    // Where a key was found may well be a link with the key in it.
    raiseAlarm(parts, 'key.leaked', { key: revoked.value, caller, source: source && hideCredentials(source) })
  }
  return revoked
}
