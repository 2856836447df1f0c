import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import {
  isLive,
  mintChallenge,
  parseChallenge,
  type SecondFactorMethod,
  type SignInChallenge,
} from './challenge.ts'
import type { User, UserWithRole } from './user.ts'

/** What somebody whose password was right is told where a second factor is due. */
export interface SecondFactorDue {
  /** The text of the challenge, told this once. */
  readonly challenge: string
  readonly methods: readonly SecondFactorMethod[]
  readonly expiresAt: Date
}

/** Opens a challenge for somebody whose password was right; undefined where no factor of theirs counts. */
export async function challengeSignIn(
  world: World,
  { user, caller }: { readonly user: User; readonly caller: Caller },
  now: Date,
): Promise<SecondFactorDue | undefined> {
  const methods = await methodsOf(world, user.id)
  if (methods.length === 0) return undefined
  const { challenge, text } = mintChallenge(
    world,
    {
      userId: user.id,
      userVersion: user.version,
      methods,
      address: caller.address,
      userAgent: caller.userAgent,
    },
    now,
  )
  await world.store.insertChallenge(challenge)
  return { challenge: text, methods, expiresAt: challenge.expiresAt }
}

/** A challenge that leads on, with whom it is about. */
export interface LiveChallenge extends UserWithRole {
  readonly challenge: SignInChallenge
}

/**
 * Finds the challenge of a text. It is as good as none when it is used or over, and when its user has changed since the
 * password was judged: another password, another factor, a lock.
 */
export async function findLiveChallenge(
  world: Pick<World, 'store' | 'vault'>,
  text: string,
  now: Date,
): Promise<Result<LiveChallenge, Failure>> {
  const id = parseChallenge(text)
  const found = id === undefined ? undefined : await world.store.findChallenge(id)
  if (
    found === undefined ||
    !isLive(world, found.challenge, { text, now }) ||
    found.user.version !== found.challenge.userVersion
  ) {
    return fail({ reason: 'challenge_invalid' })
  }
  return ok(found)
}

/** What counts for somebody; nothing where no factor of theirs was activated. */
async function methodsOf(
  { store }: Pick<World, 'store'>,
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
