import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import { endingOf } from './account-ending.ts'
import type { UserStandingChange } from './administration-store.ts'
import { changeUser, type UserDecision } from './change-user.ts'
import { judgeMetadataChange } from './merge-metadata.ts'
import { rulingOrdinaryPeople } from './ordinary-people.ts'
import type { User, UserWithRole } from './user.ts'
import { bannedUntil, type JudgedOrder, judgeOrder, type UserOrder } from './user-order.ts'

/**
 * Changes of a user what one of the operator's programs says, at once: it asks no mailbox. What was mailed to another
 * address is void, and another password ends all sessions.
 */
export async function reviseUser(
  parts: ServiceParts,
  actor: Principal,
  { id, order }: { readonly id: string; readonly order: UserOrder },
): Promise<Result<UserWithRole, Failure>> {
  const judged = await judgeOrder(parts, order)
  if (!judged.ok) return judged
  const ruling = await rulingOrdinaryPeople(parts.world, actor)
  return changeUser(parts, { actor: ruling, id }, ({ user }, now) => {
    if (user.deletedAt !== undefined) return fail({ reason: 'user_not_current', state: 'deleted' })
    return decide(parts, user, { ...order, ...judged.value, now })
  })
}

type Ordered = Omit<UserOrder, 'password'> & JudgedOrder & { readonly now: Date }

function decide(parts: ServiceParts, user: User, order: Ordered): Result<UserDecision, Failure> {
  const { passwordHash, now } = order
  const vouched = order.emailConfirmed && (order.email ?? user.email) !== undefined
  const saying = { ...order.userMetadata, ...(vouched && { email_verified: true }) }
  const metadata = judgeMetadataChange(user.metadata, saying)
  if (!metadata.ok) return metadata
  const appMetadata = judgeMetadataChange(user.appMetadata, order.appMetadata ?? {})
  if (!appMetadata.ok) return appMetadata
  return ok({
    ...(Object.keys(saying).length > 0 && { metadata: metadata.value }),
    ...(order.appMetadata && { appMetadata: appMetadata.value }),
    standing: {
      ...waysIn(user, order),
      ...(passwordHash !== undefined && { passwordHash, passwordChangedAt: now, mustResetPassword: false }),
      claimRole: order.claimRole,
      bannedUntil: bannedUntil(order.ban, now),
    },
    ...(passwordHash !== undefined && { ending: endingOf(parts, { userId: undefined, now }) }),
  })
}

/** An address that the program gives instead of one that was confirmed counts as confirmed: it knows whose it is. */
function waysIn(
  user: User,
  { email, phone, emailConfirmed, phoneConfirmed, now }: Ordered,
): UserStandingChange {
  const hasEmail = (email ?? user.email) !== undefined
  const hasPhone = (phone ?? user.signInPhone) !== undefined
  return {
    email: email === user.email ? undefined : email,
    signInPhone: phone === user.signInPhone ? undefined : phone,
    ...(emailConfirmed && hasEmail && { emailConfirmedAt: user.emailConfirmedAt ?? now }),
    ...(phoneConfirmed && hasPhone && { phoneConfirmedAt: user.phoneConfirmedAt ?? now }),
    ...(user.isAnonymous && (email ?? phone) !== undefined && { isAnonymous: false }),
  }
}
