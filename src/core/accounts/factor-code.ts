import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { QueuedMail } from './mail.ts'
import { takeMailRate } from './mail-rate.ts'
import { mailToPerson } from './mail-to-person.ts'
import { mailedCodeDigest, mailedCodeLifetimeMs, mintMailedCode } from './mailed-code.ts'
import { noneBeside, type OneTimeToken } from './one-time-token.ts'
import { personOf } from './person-of.ts'
import type { User } from './user.ts'

const ATTEMPTS = 5

/** A code for somebody who is signed in, and the mail that brings it; to be written together. */
export interface FactorCode {
  readonly token: OneTimeToken
  readonly mails: readonly QueuedMail[]
}

/** Mails a code to somebody who is signed in, to prove by what is mailed to them. It voids the one before. */
export async function sendFactorCode(parts: ServiceParts, actor: Actor): Promise<Result<void, Failure>> {
  const { world } = parts
  const person = personOf(actor)
  if (!person.ok) return person
  const found = await world.store.findUser(person.value.userId)
  if (found === undefined) return fail({ reason: 'person_needed' })
  const factors = await world.store.listFactors(found.user.id)
  if (!factors.some(({ kind }) => kind === 'email')) return fail({ reason: 'factor_not_found' })
  const made = await mailFactorCode(parts, found.user)
  if (!made.ok) return made
  await world.store.insertOneTimeToken(made.value.token, { mails: made.value.mails })
  return ok(undefined)
}

/** Makes a code and its mail, unless this person was mailed too many of late. */
export async function mailFactorCode(
  { world }: { readonly world: World },
  user: User,
): Promise<Result<FactorCode, Failure>> {
  const now = world.now()
  const allowed = await takeMailRate(world, user.id, now)
  if (!allowed.ok) return allowed
  const id = world.newId()
  const code = mintMailedCode(world)
  const expiresAt = new Date(now.getTime() + mailedCodeLifetimeMs)
  const token: OneTimeToken = {
    id,
    userId: user.id,
    purpose: 'factor-code',
    digest: mailedCodeDigest(world, id, code),
    email: user.email,
    createdAt: now,
    expiresAt,
    usedAt: undefined,
    attemptsLeft: ATTEMPTS,
    ...noneBeside,
  }
  const facts = { code, expiresAt: expiresAt.toISOString() }
  const mail = mailToPerson(
    world,
    { user, kind: 'factor-code', facts, voidKey: `factor-code:${user.id}` },
    now,
  )
  return ok({ token, mails: [mail] })
}
