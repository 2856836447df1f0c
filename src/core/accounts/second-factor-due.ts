import type { ServiceParts } from '../service-parts.ts'
import { mintChallenge, type SecondFactorMethod } from './challenge.ts'
import { signInRecord } from './open-person-session.ts'
import type { PasswordProof } from './sign-in.ts'

/** What is asked for when a right password is not enough. */
export interface SecondFactorDue {
  /** The text of the challenge, told this once. */
  readonly challenge: string
  readonly methods: readonly SecondFactorMethod[]
  readonly expiresAt: Date
}

/**
 * Opens a challenge where the person has a second factor; undefined where the password is enough, be it for no more than
 * to set one up. The attempt stays counted until the challenge is met: then `openPersonSession` settles it.
 */
export async function secondFactorDue(
  { world }: Pick<ServiceParts, 'world'>,
  { user, caller, now }: PasswordProof,
): Promise<SecondFactorDue | undefined> {
  const methods = await methodsOf(world.store, user.id)
  if (methods.length === 0) return undefined
  const { address, userAgent } = caller
  const of = { userId: user.id, userVersion: user.version, methods, address, userAgent }
  const { challenge, text } = mintChallenge(world, of, now)
  await world.store.insertChallenge(challenge)
  const record = { userId: user.id, method: 'password', outcome: 'second_factor_due', now } as const
  await world.store.addSignIn(signInRecord(world, record, caller))
  return { challenge: text, methods, expiresAt: challenge.expiresAt }
}

/** What counts for somebody; nothing where no factor of theirs was activated. */
async function methodsOf(
  store: ServiceParts['world']['store'],
  userId: string,
): Promise<readonly SecondFactorMethod[]> {
  const factors = await store.listFactors(userId)
  const kinds = new Set(factors.flatMap(({ kind, activatedAt }) => (activatedAt === undefined ? [] : [kind])))
  if (kinds.size === 0) return []
  const codes = await store.listRecoveryCodes(userId)
  return [
    ...(kinds.has('totp') ? (['totp'] as const) : []),
    ...(kinds.has('email') ? (['email'] as const) : []),
    ...(codes.length > 0 ? (['recovery_code'] as const) : []),
  ]
}
