import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitNamed, findLooseSession } from './acting-session.ts'
import { mailToPerson } from './mail-to-person.ts'

/**
 * Takes an app away by the session alone: one that counts, in a session that was raised by a factor. What it gave to
 * sessions is taken from them, and its owner is told by mail.
 */
export async function dropFactor(
  parts: ServiceParts,
  actor: Actor,
  id: string,
): Promise<Result<void, Failure>> {
  const { world } = parts
  return untilSettled<Result<void, Failure>>(async () => {
    const now = world.now()
    const acting = await findLooseSession(parts, actor, now)
    if (!acting.ok) return acting
    const named = admitNamed(acting.value)
    if (!named.ok) return named
    const { user, session, level } = acting.value
    const factors = await world.store.listFactors(user.id)
    const factor = factors.find((one) => one.id === id && one.kind === 'totp')
    if (factor === undefined) return fail({ reason: 'factor_not_found' })
    const counts = factor.activatedAt !== undefined
    if (counts && level < 2) return fail({ reason: 'second_factor_required', by: 'session' })
    const proof = counts ? ({ kind: 'session', sessionId: session.id } as const) : undefined
    const facts = { factor: factor.name, at: now.toISOString() }
    const mails = counts ? [mailToPerson(world, { user, kind: 'factor-removed', facts }, now)] : []
    const removed = await world.store.removeFactor({ id, userId: user.id, proof, at: now }, { mails })
    return removed ? ok(undefined) : changed
  })
}
