import type { ApiKey } from './api-key.ts'

export const keyStates = ['active', 'retiring', 'disabled', 'retired', 'expired', 'revoked'] as const
export type KeyState = (typeof keyStates)[number]

/** The state of a key at `now`: a function of its times, so that no clock has to tick for it to change. */
export function keyState(key: ApiKey, now: Date): KeyState {
  if (key.revokedAt !== undefined) return 'revoked'
  if (key.expiresAt !== undefined && key.expiresAt <= now) return 'expired'
  if (key.retiresAt !== undefined && key.retiresAt <= now) return 'retired'
  if (key.disabledAt !== undefined) return 'disabled'
  return key.successorId === undefined ? 'active' : 'retiring'
}
