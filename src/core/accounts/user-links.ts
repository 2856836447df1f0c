import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import { changeUser } from './change-user.ts'
import { parseEmail } from './email.ts'
import { judgeMetadataChange } from './merge-metadata.ts'
import { type LinkPurpose, linkMail, mintLink, type OneTimeLink } from './one-time-link.ts'
import { rulingOrdinaryPeople } from './ordinary-people.ts'
import { addOrdered } from './provision-user.ts'
import type { User, UserWithRole } from './user.ts'
import { judgeOrder } from './user-order.ts'

/** What a link is to be for that one of the operator's programs brings to its owner by a way of its own. */
export type UserLinkPurpose = Exclude<LinkPurpose, 'supabase-email-change' | 'supabase-email-change-current'>

export interface UserLinkOrder {
  readonly purpose: UserLinkPurpose
  readonly email: string
  /** Of a user who is added with it. */
  readonly password: string | undefined
  readonly userMetadata: Readonly<Record<string, unknown>> | undefined
  /** Of the same. */
  readonly locale: string | undefined
  /** Judged already: `allowedRedirect`. */
  readonly redirectTo: string
}

export interface UserLink extends UserWithRole {
  readonly link: OneTimeLink
  /** As it came to be: nobody can sign in by a link who has to be added first. */
  readonly purpose: LinkPurpose
}

/**
 * Makes a link and its code for a user, and mails neither. Whoever is not known is added where the link is to bring them in;
 * whoever has confirmed their address already is not brought in again.
 */
export function mintUserLink(
  parts: ServiceParts,
  actor: Principal,
  order: UserLinkOrder,
): Promise<Result<UserLink, Failure>> {
  return linkFor(parts, actor, { ...order, mails: false })
}

/** Invites somebody by such a link, and mails it. Whoever was invited before and has not come gets a new one. */
export function inviteByLink(
  parts: ServiceParts,
  actor: Principal,
  order: Omit<UserLinkOrder, 'purpose' | 'password'>,
): Promise<Result<UserLink, Failure>> {
  return linkFor(parts, actor, { ...order, purpose: 'supabase-invite', password: undefined, mails: true })
}

type Order = UserLinkOrder & { readonly mails: boolean }

async function linkFor(
  parts: ServiceParts,
  actor: Principal,
  order: Order,
): Promise<Result<UserLink, Failure>> {
  const email = parseEmail(order.email)
  if (email === undefined) return fail({ reason: 'email_invalid' })
  return untilSettled(async () => {
    const found = await parts.world.store.findUserByEmail(email)
    return found === undefined
      ? linkForNew(parts, actor, { ...order, email })
      : linkForKnown(parts, actor, { ...order, email, id: found.user.id })
  })
}

async function linkForNew(
  parts: ServiceParts,
  actor: Principal,
  { email, password, userMetadata, locale, ...order }: Order,
): Promise<Result<UserLink, Failure> | typeof changed> {
  if (order.purpose === 'recovery') return fail({ reason: 'user_not_found' })
  const purpose = order.purpose === 'magic-link' ? 'sign-up' : order.purpose
  const judged = await judgeOrder(parts, { email, password, passwordHash: undefined })
  if (!judged.ok) return judged
  let link: OneTimeLink | undefined
  const invites = purpose === 'supabase-invite'
  const added = await addOrdered(
    parts,
    actor,
    { ...nothingElse, ...judged.value, userMetadata, locale },
    {
      invites,
      also(user, now) {
        const minted = mint(parts, { ...order, purpose, user, now })
        link = minted.link
        return minted
      },
    },
  )
  // Somebody has just come with this address: they are known now.
  if (added === changed || added === 'clash') return changed
  if (!added.ok || link === undefined) return added.ok ? changed : added
  return ok({ ...added.value, link, purpose })
}

const nothingElse = {
  id: undefined,
  phone: undefined,
  emailConfirmed: false,
  phoneConfirmed: false,
  appMetadata: undefined,
  claimRole: undefined,
  ban: undefined,
} as const

async function linkForKnown(
  parts: ServiceParts,
  actor: Principal,
  { id, email, userMetadata, ...order }: Order & { readonly id: string },
): Promise<Result<UserLink, Failure> | typeof changed> {
  const { purpose } = order
  const ruling = await rulingOrdinaryPeople(parts.world, actor)
  const isEntry = purpose === 'sign-up' || purpose === 'supabase-invite'
  let link: OneTimeLink | undefined
  const written = await changeUser(parts, { actor: ruling, id }, ({ user }, now) => {
    // They keep their address for as long as they can be restored.
    if (user.deletedAt !== undefined) return fail({ reason: isEntry ? 'email_taken' : 'user_not_found' })
    if (user.email !== email) return fail({ reason: 'user_not_found' })
    if (isEntry && user.emailConfirmedAt !== undefined) return fail({ reason: 'email_taken' })
    const metadata = judgeMetadataChange(user.metadata, userMetadata ?? {})
    if (!metadata.ok) return metadata
    const minted = mint(parts, { ...order, user, now })
    link = minted.link
    return ok({
      ...minted,
      ...(userMetadata !== undefined && isEntry && { metadata: metadata.value }),
      ...(purpose === 'supabase-invite' && { standing: { invitedAt: now } }),
    })
  })
  if (!written.ok || link === undefined) return written.ok ? changed : written
  return ok({ ...written.value, link, purpose })
}

function mint(
  parts: ServiceParts,
  {
    purpose,
    redirectTo,
    mails,
    user,
    now,
  }: Pick<Order, 'purpose' | 'redirectTo' | 'mails'> & { readonly user: User; readonly now: Date },
) {
  const flow = { redirectTo, challenge: undefined }
  const link = mintLink(parts, { userId: user.id, purpose, email: user.email, flow }, now)
  return { link, token: link.token, mails: mails ? [linkMail(parts.world, { link, user }, now)] : [] }
}
