import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import { findRuled } from './change-user.ts'
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
    const links = await linksOf(parts, user, { ...order, newEmail })
    for (const { token } of links) {
      if (!(await store.insertOneTimeToken(token, { userVersion: user.version }))) return changed
    }
    const [link] = links
    return ok({ user, role, link, purpose: purposeOf(order) })
  })
}

function purposeOf({ mailbox }: Pick<EmailChangeLinkOrder, 'mailbox'>) {
  return mailbox === 'new' ? 'supabase-email-change' : 'supabase-email-change-current'
}

/**
 * The link that is wanted, first. That of the address of now says nothing of the other one, which is read from the link of
 * the new address: where there is none, one is made that nobody is shown.
 */
async function linksOf(
  parts: ServiceParts,
  user: User,
  order: EmailChangeLinkOrder,
): Promise<readonly [OneTimeLink, ...OneTimeLink[]]> {
  const { world } = parts
  const now = world.now()
  const { newEmail, redirectTo } = order
  const flow = { redirectTo, challenge: undefined }
  const linkTo = (mailbox: EmailChangeLinkOrder['mailbox']) => {
    const email = mailbox === 'new' ? newEmail : user.email
    return mintLink(parts, { userId: user.id, purpose: purposeOf({ mailbox }), email, flow }, now)
  }
  const wanted = linkTo(order.mailbox)
  if (order.mailbox === 'new') return [wanted]
  const record = await world.store.findAccountRecord(user.id)
  const isThere = record?.newest.some(
    ({ purpose, email, usedAt, expiresAt }) =>
      purpose === 'supabase-email-change' && email === newEmail && usedAt === undefined && expiresAt > now,
  )
  return isThere === true ? [wanted] : [wanted, linkTo('new')]
}
