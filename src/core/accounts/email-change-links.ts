import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import type { UserChange } from './administration-store.ts'
import { findRuled, writeUser } from './change-user.ts'
import { parseEmail } from './email.ts'
import { mintLink, type OneTimeLink } from './one-time-link.ts'
import { rulingOrdinaryPeople } from './ordinary-people.ts'
import type { User } from './user.ts'
import type { UserLink } from './user-links.ts'

export interface EmailChangeLinkOrder {
  readonly email: string
  readonly newEmail: string
  /** Whose link it is to be: of the address of now, or of the new one. Where both are made, both must be followed. */
  readonly mailbox: 'current' | 'new'
  /** Judged already: `allowedRedirect`. */
  readonly redirectTo: string
}

/** Makes a link by which somebody's address changes, and mails it to nobody. */
export async function mintEmailChangeLink(
  parts: ServiceParts,
  actor: Principal,
  order: EmailChangeLinkOrder,
): Promise<Result<UserLink, Failure>> {
  const { store } = parts.world
  const email = parseEmail(order.email)
  const newEmail = parseEmail(order.newEmail)
  if (email === undefined || newEmail === undefined) return fail({ reason: 'email_invalid' })
  const ruling = await rulingOrdinaryPeople(parts.world, actor)
  return untilSettled<Result<UserLink, Failure>>(async () => {
    const known = await store.findUserByEmail(email)
    if (known === undefined) return fail({ reason: 'user_not_found' })
    const found = await findRuled(parts, { actor: ruling, id: known.user.id })
    if (!found.ok) return found
    const { user, role } = found.value
    if (user.email !== email || user.deletedAt !== undefined) return fail({ reason: 'user_not_found' })
    if (newEmail === email) return fail({ reason: 'email_unchanged' })
    if ((await store.findUserByEmail(newEmail)) !== undefined) return fail({ reason: 'email_taken' })
    const { link, ...made } = await linksOf(parts, user, { ...order, newEmail })
    const written = await writeUser(parts, { id: user.id, version: user.version, ...made })
    if (written === changed) return changed
    return written.ok ? ok({ user, role, link, purpose: purposeOf(order.mailbox) }) : written
  })
}

const halves = ['supabase-email-change', 'supabase-email-change-current'] as const

function purposeOf(mailbox: EmailChangeLinkOrder['mailbox']) {
  return mailbox === 'new' ? halves[0] : halves[1]
}

/**
 * The link that is wanted, and what becomes of others. The one of the address of now says nothing of the other address,
 * which is read from the link of that: where there is none, one is made that nobody is shown. What was agreed to of an
 * earlier change counts for nothing in this one.
 */
async function linksOf(
  parts: ServiceParts,
  user: User,
  { newEmail, redirectTo, mailbox }: EmailChangeLinkOrder,
): Promise<{ readonly link: OneTimeLink } & Pick<UserChange, 'tokens' | 'voids'>> {
  const { world } = parts
  const now = world.now()
  const flow = { redirectTo, challenge: undefined }
  const linkTo = (to: EmailChangeLinkOrder['mailbox']) => {
    const email = to === 'new' ? newEmail : user.email
    return mintLink(parts, { userId: user.id, purpose: purposeOf(to), email, flow }, now)
  }
  const link = linkTo(mailbox)
  const record = await world.store.findAccountRecord(user.id)
  const toNew = record?.newest.find(({ purpose }) => purpose === halves[0])
  const isUnderWay = toNew?.email === newEmail && toNew.usedAt === undefined && toNew.expiresAt > now
  if (isUnderWay) return { link, tokens: [link.token] }
  const beside = mailbox === 'current' ? [linkTo('new').token] : []
  return { link, tokens: [link.token, ...beside], voids: halves }
}
