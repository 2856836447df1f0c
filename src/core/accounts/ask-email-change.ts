import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { limitState } from '../limits/rate-limit.ts'
import type { World } from '../ports.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { parseEmail } from './email.ts'
import { decoyMail, type QueuedMail, queuedMail } from './mail.ts'
import { takeMail } from './mail-limit.ts'
import { mailToPerson } from './mail-to-person.ts'
import { mintOneTimeToken } from './one-time-token-text.ts'
import { provePassword } from './prove-password.ts'
import type { User } from './user.ts'

const TTL_SECONDS = 1800
/** Changes that one person may ask for. */
const perPerson = { limit: 5, windowSeconds: 3600 }

export interface EmailWish {
  readonly email: string
  readonly password: string
}

/**
 * Mails a link to the address that a person wants to have, and a note to the one that they have. Nothing changes before
 * the link is used. That the address is another account's is told to nobody but its owner.
 */
export async function askEmailChange(
  { world }: ServiceParts,
  actor: Actor,
  { email: address, password }: EmailWish,
): Promise<Result<{ readonly email: string }, Failure>> {
  const email = parseEmail(address)
  if (email === undefined) return fail({ reason: 'email_invalid' })
  return untilSettled<Result<{ readonly email: string }, Failure>>(async () => {
    const proven = await provePassword({ world }, actor, password)
    if (!proven.ok) return proven
    const { user } = proven.value
    if (email === user.email) return fail({ reason: 'email_unchanged' })
    const now = world.now()
    const asked = await takeChange(world, user.id, now)
    if (!asked.ok) return asked
    const mayMail = await takeMail(world, { email, about: 'email-change' }, now)
    const owner = (await world.store.findUserByEmail(email))?.user
    const { text, token } = mintOneTimeToken(
      world,
      { userId: user.id, purpose: 'email-change', email, ttlSeconds: TTL_SECONDS },
      now,
    )
    const expiresAt = token.expiresAt.toISOString()
    const toNew =
      owner === undefined
        ? linkMail(world, { user, email, text, expiresAt }, now)
        : knownMail(world, owner, now)
    // Written also where the address is taken, for nobody to follow: so that all else is the same.
    const written = await world.store.insertOneTimeToken(token, {
      userVersion: user.version,
      mails: [mayMail ? toNew : decoyMail(world, now), askedMail(world, { user, newEmail: email }, now)],
    })
    // The password, or what else was judged, has changed meanwhile: the link would outlive it.
    return written ? ok({ email }) : changed
  })
}

async function takeChange(
  { store }: Pick<World, 'store'>,
  userId: string,
  now: Date,
): Promise<Result<void, Failure>> {
  const take = { ...perPerson, bucket: `email-change:${userId}`, now }
  const outcome = await store.takeRate(take)
  if (outcome.allowed) return ok(undefined)
  return fail({ reason: 'rate_limited', state: limitState({ policy: 'account', take, outcome }) })
}

function linkMail(
  world: World,
  of: { readonly user: User; readonly email: string; readonly text: string; readonly expiresAt: string },
  now: Date,
): QueuedMail {
  const { id: userId, locale } = of.user
  const facts = { token: of.text, expiresAt: of.expiresAt }
  const voidKey = `email-change:${userId}`
  return queuedMail(world, { kind: 'email-change', to: of.email, facts, userId, locale, voidKey }, now)
}

function knownMail(world: World, owner: User, now: Date): QueuedMail {
  const voidKey = `email-known:${owner.id}`
  return mailToPerson(world, { user: owner, kind: 'email-known', facts: {}, voidKey }, now)
}

/** Tells the address of before that somebody asked for another one. */
export function askedMail(
  world: World,
  { user, newEmail }: { readonly user: User; readonly newEmail: string },
  now: Date,
): QueuedMail {
  const facts = { newEmail, at: now.toISOString() }
  const voidKey = `email-change-asked:${user.id}`
  return mailToPerson(world, { user, kind: 'email-change-asked', facts, voidKey }, now)
}
