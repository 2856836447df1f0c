import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { findLiveChallenge } from './live-challenge.ts'
import { takeMailRate } from './mail-rate.ts'
import { mailToPerson } from './mail-to-person.ts'
import { mailedCodeDigest, mailedCodeLifetimeMs, mintMailedCode } from './mailed-code.ts'

/** Mails a code for one attempt to sign in. A newer one takes its place, and brings no new tries. */
export async function mailSignInCode(
  { world }: ServiceParts,
  challengeText: string,
): Promise<Result<void, Failure>> {
  const now = world.now()
  const live = await findLiveChallenge(world, challengeText, now)
  if (!live.ok) return live
  const { challenge, user } = live.value
  if (!challenge.methods.includes('email')) return fail({ reason: 'method_not_offered' })
  const allowed = await takeMailRate(world, user.id, now)
  if (!allowed.ok) return allowed
  const code = mintMailedCode(world)
  const expiresAt = new Date(Math.min(now.getTime() + mailedCodeLifetimeMs, challenge.expiresAt.getTime()))
  const facts = { code, expiresAt: expiresAt.toISOString() }
  const voidKey = `sign-in-code:${user.id}`
  const mail = mailToPerson(world, { user, kind: 'sign-in-code', facts, voidKey }, now)
  const digest = mailedCodeDigest(world, challenge.id, code)
  const set = await world.store.setChallengeCode(
    challenge.id,
    { digest, expiresAt, at: now },
    { mails: [mail] },
  )
  return set ? ok(undefined) : fail({ reason: 'challenge_invalid' })
}
