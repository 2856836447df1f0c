import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { limitState } from '../limits/rate-limit.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitNamed, findActingSession } from './acting-session.ts'
import { mintStepUp } from './challenge.ts'

/** Challenges that one person may ask for: each opens new tries, and leaves a row. */
const perPerson = { limit: 30, windowSeconds: 120 }

export interface FactorChallenge {
  readonly id: string
  readonly expiresAt: Date
}

/** Asks somebody who is signed in for a code of one of their apps, to raise the session by it. */
export async function challengeFactor(
  parts: ServiceParts,
  actor: Actor,
  factorId: string,
): Promise<Result<FactorChallenge, Failure>> {
  const { world } = parts
  const now = world.now()
  const found = await findActingSession(parts, actor, now)
  if (!found.ok) return found
  const named = admitNamed(found.value)
  if (!named.ok) return named
  const { user } = found.value
  const factors = await world.store.listFactors(user.id)
  if (!factors.some(({ id, kind }) => id === factorId && kind === 'totp')) {
    return fail({ reason: 'factor_not_found' })
  }
  const asked = await takeStepUp(world, user.id, now)
  if (!asked.ok) return asked
  const { address, userAgent } = actor.caller
  const of = { userId: user.id, userVersion: user.version, factorId, address, userAgent }
  const challenge = mintStepUp(world, of, now)
  await world.store.insertChallenge(challenge)
  return ok({ id: challenge.id, expiresAt: challenge.expiresAt })
}

async function takeStepUp(
  { store }: Pick<World, 'store'>,
  userId: string,
  now: Date,
): Promise<Result<void, Failure>> {
  const take = { ...perPerson, bucket: `step-up:${userId}`, now }
  const outcome = await store.takeRate(take)
  if (outcome.allowed) return ok(undefined)
  return fail({ reason: 'rate_limited', state: limitState({ policy: 'account', take, outcome }) })
}
