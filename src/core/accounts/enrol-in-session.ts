import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitNamed, findLooseSession } from './acting-session.ts'
import { admitLasting } from './admit-lasting.ts'
import { type EnrolledApp, factorNames, factorsMax, hostOf, newApp } from './enrol-factor.ts'
import type { Factor } from './factor.ts'

/** How long what was begun keeps its name and its place. */
const BEGUN_MS = 300_000

export interface AppOrder {
  /** What its owner calls it; undefined for the name of its kind. No two have one name. */
  readonly name: string | undefined
  /** What the app shows its codes under; undefined for the site of the application. */
  readonly issuer: string | undefined
}

/**
 * Begins with an authenticator app, for whoever shows no more than their session; where a factor counts, that must have
 * been raised by one. It counts when the session is raised by a first code of it.
 */
export async function enrolAppInSession(
  parts: ServiceParts,
  actor: Actor,
  { name = factorNames.totp, issuer = hostOf(parts.policy.supabase.siteUrl) }: AppOrder,
): Promise<Result<EnrolledApp, Failure>> {
  const { world, policy } = parts
  const now = world.now()
  const acting = await findLooseSession(parts, actor, now)
  if (!acting.ok) return acting
  const named = admitNamed(acting.value)
  if (!named.ok) return named
  const { user, level } = acting.value
  const lasting = admitLasting(policy, user)
  if (!lasting.ok) return lasting
  const begunAfter = new Date(now.getTime() - BEGUN_MS)
  const there = (await world.store.listFactors(user.id)).filter(isThere(begunAfter))
  if (there.some((factor) => factor.name === name)) return fail({ reason: 'factor_name_taken' })
  if (there.length >= factorsMax) return fail({ reason: 'factors_too_many', max: factorsMax })
  if (level < 2 && there.some(({ activatedAt }) => activatedAt !== undefined)) {
    return fail({ reason: 'second_factor_required', by: 'session' })
  }
  const made = newApp(parts, user, { name, issuer })
  await world.store.insertFactor(made.factor, { token: undefined, instead: begunAfter })
  return ok(made)
}

const isThere =
  (begunAfter: Date) =>
  ({ activatedAt, createdAt }: Factor): boolean =>
    activatedAt !== undefined || createdAt > begunAfter
