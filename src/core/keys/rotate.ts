import type { Failure } from '../failure.ts'
import { uncovered } from '../permissions.ts'
import type { World } from '../ports.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import { type ApiKey, mintApiKeyText, parseApiKey } from './api-key.ts'
import { callerIdOf, recall, replayOf } from './idempotency.ts'
import type { IssuedKey } from './issue.ts'
import { keyState } from './key-state.ts'
import { keyPrefixOf } from './supabase-key.ts'

export const overlapDefaultSeconds = 86_400
export const overlapMaxSeconds = 90 * 86_400

export interface Rotation {
  readonly id: string
  /** How long the old key stays good beside the new one; at most 90 days, and never past its own expiry. */
  readonly overlapSeconds: number | undefined
  readonly idempotencyKey: string | undefined
}

/** Makes a successor with the same rights and limits, and lets the old key run out over the overlap. */
export function rotateKey(
  { world, policy, memory }: Pick<ServiceParts, 'world' | 'policy' | 'memory'>,
  actor: Principal,
  { id, overlapSeconds = overlapDefaultSeconds, idempotencyKey }: Rotation,
): Promise<Result<IssuedKey, Failure>> {
  return untilSettled(async () => {
    const now = world.now()
    if (overlapSeconds > overlapMaxSeconds) return fail({ reason: 'overlap_too_long', overlapMaxSeconds })
    const found = await world.store.findKey(id)
    if (found === undefined) return fail({ reason: 'key_not_found' })
    const call =
      idempotencyKey === undefined ? undefined : idempotent(actor, { idempotencyKey, id, overlapSeconds })
    const recalled = call && (await recall(world, call, { now, held: actor.permissions }))
    if (recalled !== undefined) return recalled
    const { key } = found
    const state = keyState(key, now)
    if (state !== 'active') return fail({ reason: 'key_not_current', state })
    const beyondActor = uncovered(actor.permissions, key.permissions)
    if (beyondActor.length > 0) return fail({ reason: 'permissions_not_held', permissions: beyondActor })

    const text = mintApiKeyText(world, keyPrefixOf(policy, key.permissions))
    const issued = { key: successorOf(world, key, { text, now }), text }
    const retiring: ApiKey = {
      ...key,
      successorId: issued.key.id,
      rotatedAt: now,
      retiresAt: new Date(now.getTime() + overlapSeconds * 1000),
      version: key.version + 1,
    }
    const written = await world.store.succeedKey(
      retiring,
      issued.key,
      call && replayOf(world, call, { issued, now }),
    )
    if (!written) return changed
    memory.directory.forget(id)
    return ok(issued)
  })
}

function successorOf(
  world: World,
  key: ApiKey,
  { text, now }: { readonly text: string; readonly now: Date },
): ApiKey {
  const parsed = parseApiKey(text)
  if (parsed === undefined) throw new Error('A minted key is well formed.')
  return { ...key, ...parsed, digest: world.vault.digest('api-key', text), createdAt: now, version: 1 }
}

function idempotent(actor: Principal, call: { idempotencyKey: string; id: string; overlapSeconds: number }) {
  return {
    key: call.idempotencyKey,
    callerId: callerIdOf(actor),
    request: JSON.stringify(['rotate', call.id, call.overlapSeconds]),
  }
}
