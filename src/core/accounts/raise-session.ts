import { auditEvent } from '../audit/event.ts'
import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { personClientId } from '../tokens/access-claims.ts'
import { mintPersonAccessToken, type PersonTokens } from '../tokens/person-tokens.ts'
import { mintRefreshToken } from '../tokens/refresh-token.ts'
import { revocationOf } from '../tokens/revocations.ts'
import type { PersonSession } from '../tokens/session.ts'
import { type ActingSession, admitNamed, findActingSession } from './acting-session.ts'
import { isActivatable } from './activate-factor.ts'
import { isStepUpOf, type SignInChallenge } from './challenge.ts'
import type { Factor } from './factor.ts'
import { mailToPerson } from './mail-to-person.ts'
import { signInRecord } from './open-person-session.ts'
import { clearProofTries, takeProofTry } from './proof-tries.ts'
import { proveApp } from './prove-factor.ts'

export interface StepUpAnswer {
  readonly factorId: string
  readonly challengeId: string
  readonly code: string
}

/**
 * Raises the session of somebody who is signed in by a code of an app, and makes the app count where it did not. The
 * session goes on under a new refresh token, and its earlier ones lead nowhere; the sessions that have shown less end.
 */
export async function raiseSession(
  parts: ServiceParts,
  actor: Actor,
  answer: StepUpAnswer,
): Promise<Result<PersonTokens, Failure>> {
  const { world } = parts
  const acting = await findActingSession(parts, actor, world.now())
  if (!acting.ok) return acting
  const named = admitNamed(acting.value)
  if (!named.ok) return named
  const { user } = acting.value
  const asked = await findStepUp(parts, actor, { ...answer, userId: user.id })
  if (!asked.ok) return asked
  const counted = await takeProofTry(world, user.id, world.now())
  if (!counted.ok) return counted
  // The last try that there was, or used and over in the moment since.
  if (!(await world.store.takeChallengeAttempt(answer.challengeId, world.now()))) {
    return fail({ reason: 'challenge_expired' })
  }
  return untilSettled(async () => {
    // After a lost race all is judged afresh: another tab may have refreshed the session in the moment between.
    const now = world.now()
    const current = await findActingSession(parts, actor, now)
    if (!current.ok) return current
    const factor = await findShowable(parts, { userId: user.id, factorId: answer.factorId }, now)
    if (factor === undefined) return fail({ reason: 'factor_not_found' })
    const proof = proveApp(world, { factors: [factor], code: answer.code }, now)
    if (proof === undefined) {
      const record = { userId: user.id, method: 'totp', outcome: 'wrong', now } as const
      await world.store.addSignIn(signInRecord(world, record, actor.caller))
      return fail({ reason: 'code_invalid' })
    }
    const still = await findStepUp(parts, actor, { ...answer, userId: user.id })
    if (!still.ok) return still
    const tokens = await raise(parts, { actor, acting: current.value, factor, proof, ...answer }, now)
    if (tokens === undefined) return changed
    await clearProofTries(world, user.id)
    return ok(tokens)
  })
}

/** The challenge that is answered, if it is one of this factor and of this person, here and now. */
async function findStepUp(
  { world }: ServiceParts,
  { caller }: Actor,
  { userId, factorId, challengeId }: Omit<StepUpAnswer, 'code'> & { readonly userId: string },
): Promise<Result<SignInChallenge, Failure>> {
  const challenge = (await world.store.findChallenge(challengeId))?.challenge
  if (challenge?.userId !== userId || !isStepUpOf(world, challenge, factorId)) {
    return fail({ reason: 'challenge_invalid' })
  }
  const site = (address = '') => (address === '' ? '' : world.addresses.site(address))
  if (challenge.usedAt !== undefined || site(challenge.address) !== site(caller.address)) {
    return fail({ reason: 'challenge_elsewhere' })
  }
  return challenge.expiresAt <= world.now() ? fail({ reason: 'challenge_expired' }) : ok(challenge)
}

/** An app that counts, or that may still come to. */
async function findShowable(
  { world }: ServiceParts,
  { userId, factorId }: { readonly userId: string; readonly factorId: string },
  now: Date,
): Promise<Factor | undefined> {
  const factors = await world.store.listFactors(userId)
  return factors.find(
    (factor) =>
      factor.id === factorId &&
      factor.kind === 'totp' &&
      (factor.activatedAt !== undefined || isActivatable(factor, now)),
  )
}

interface Raise {
  readonly actor: Actor
  readonly acting: ActingSession
  readonly factor: Factor
  readonly proof: NonNullable<ReturnType<typeof proveApp>>
  readonly challengeId: string
}

/** Writes it and mints the tokens; undefined where something was no longer as it was judged. */
async function raise(
  parts: ServiceParts,
  { actor, acting, factor, proof, challengeId }: Raise,
  now: Date,
): Promise<PersonTokens | undefined> {
  const { world, policy, memory } = parts
  const { user, role } = acting
  const refresh = mintRefreshToken(world, acting.session.id)
  const session = raised(acting.session, world.vault.digest('refresh-token', refresh), now)
  const activates = factor.activatedAt === undefined
  const revocations = await world.store.raiseSession(
    {
      session,
      from: acting.session.refreshDigest,
      userVersion: user.version,
      challengeId,
      proof,
      activates,
      signIn: signInRecord(world, { userId: user.id, method: 'totp', outcome: 'success', now }, actor.caller),
      at: now,
      revoke: (subject) => revocationOf({ kind: 'session', subject }, { now, ...policy }),
    },
    activates ? activationTold(parts, { actor, acting, factor }, now) : {},
  )
  if (revocations === undefined) return undefined
  for (const revocation of revocations) noteRevocation(memory, revocation)
  const minted = await mintPersonAccessToken(parts, { session, user, role }, { tokenId: world.newId(), now })
  return { ...minted, refresh, refreshExpiresAt: session.expiresAt, userId: user.id }
}

/** A session as it is after a code of an app: the way in before it stays told. */
function raised(session: PersonSession, refreshDigest: string, now: Date): PersonSession {
  const before = session.amr.filter((method) => method !== 'otp' && method !== 'mfa')
  return {
    ...session,
    aal: 2,
    amr: [...before, 'otp', 'mfa'],
    authenticatedAt: now,
    refreshDigest,
    previousRefreshDigest: undefined,
    // Opened with none where a factor was due: from now on what the role permits.
    permissions: undefined,
    lastUsedAt: now,
  }
}

function activationTold(
  { world }: ServiceParts,
  { actor, acting, factor }: Pick<Raise, 'actor' | 'acting' | 'factor'>,
  now: Date,
) {
  const { user, session } = acting
  const facts = { factor: factor.name, at: now.toISOString() }
  const details = { kind: factor.kind }
  const who = { clientId: personClientId, userId: user.id, sessionId: session.id }
  return {
    event: auditEvent(world, { kind: 'factor.activate', ...who, target: factor.id, details }, actor.caller),
    mails: [mailToPerson(world, { user, kind: 'factor-added', facts }, now)],
  }
}
