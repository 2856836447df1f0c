import type { Failure } from '../failure.ts'
import { uncovered } from '../permissions.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Principal } from '../tokens/verify.ts'
import type { ApiKey } from './api-key.ts'
import type { IssuedKey } from './issue.ts'

/** How long an answer can be had again (draft-ietf-httpapi-idempotency-key-header §2). */
const REPLAY_SECONDS = 600

/** One call that its caller may repeat without doing it twice. */
export interface IdempotentCall {
  /** The caller's `Idempotency-Key`. */
  readonly key: string
  /** Whose key it is: nobody is given the answer to another's call. */
  readonly callerId: string
  /** What was asked, as a text that is equal for equal calls. */
  readonly request: string
}

/** The answer of an idempotent call, kept sealed since it holds a secret. */
export interface Replay {
  readonly id: string
  readonly fingerprint: string
  readonly sealedAnswer: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** Who calls, as `Idempotency-Key` is told apart by: a client, and among people each for themselves. */
export function callerIdOf({ clientId, subject, assurance }: Principal): string {
  return assurance === undefined ? clientId : `${clientId}/${subject}`
}

/** Makes the record that lets `issued` be answered again. */
export function replayOf(
  world: Pick<World, 'vault'>,
  call: IdempotentCall,
  { issued, now }: { readonly issued: IssuedKey; readonly now: Date },
): Replay {
  return {
    id: hex(world, `${call.callerId} ${call.key}`),
    fingerprint: hex(world, call.request),
    sealedAnswer: world.vault.seal('idempotency', JSON.stringify(issued)),
    createdAt: now,
    expiresAt: new Date(now.getTime() + REPLAY_SECONDS * 1000),
  }
}

/** The answer that this call has had already; undefined when it is the first. The same key for another call is refused. */
export async function recall(
  world: World,
  call: IdempotentCall,
  { now, held }: { readonly now: Date; readonly held: readonly string[] },
): Promise<Result<IssuedKey, Failure> | undefined> {
  const replay = await world.store.findReplay(hex(world, `${call.callerId} ${call.key}`))
  if (replay === undefined || replay.expiresAt <= now) return undefined
  if (replay.fingerprint !== hex(world, call.request)) return fail({ reason: 'idempotency_key_reused' })
  const plain = world.vault.unseal('idempotency', replay.sealedAnswer)
  if (plain === undefined) return undefined
  const { key, text } = JSON.parse(plain)
  const issued = { key: reviveKey(key), text }
  // Another token of the same client may hold less than the one that made the key.
  const beyond = uncovered(held, issued.key.permissions)
  return beyond.length > 0 ? fail({ reason: 'permissions_not_held', permissions: beyond }) : ok(issued)
}

function hex(world: Pick<World, 'vault'>, text: string): string {
  const [mac = new Uint8Array()] = world.vault.macs('idempotency', text)
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** JSON has no dates and no undefined: the times of a kept key are read back. */
function reviveKey(key: Record<keyof ApiKey, unknown>): ApiKey {
  const time = (value: unknown) => (typeof value === 'string' ? new Date(value) : undefined)
  return {
    ...(key as unknown as ApiKey),
    createdAt: new Date(String(key.createdAt)),
    expiresAt: time(key.expiresAt),
    disabledAt: time(key.disabledAt),
    revokedAt: time(key.revokedAt),
    rotatedAt: time(key.rotatedAt),
    retiresAt: time(key.retiresAt),
  }
}
