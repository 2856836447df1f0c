import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import type { Also } from './account-store.ts'
import { admitRole } from './add-users.ts'
import { judgeMetadataChange } from './merge-metadata.ts'
import { newUser } from './new-user.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { rulingOrdinaryPeople } from './ordinary-people.ts'
import type { User, UserWithRole } from './user.ts'
import { bannedUntil, type JudgedOrder, judgeOrder, type UserOrder } from './user-order.ts'

/** Whom one of the operator's programs adds. */
export interface NewUserOrder extends UserOrder {
  /** Undefined gives them a fresh one. */
  readonly id: string | undefined
  /** A BCP 47 language tag. */
  readonly locale: string | undefined
}

/** Adds a user with the role of those who register, and all else as the program says. */
export async function provisionUser(
  parts: ServiceParts,
  actor: Principal,
  order: NewUserOrder,
): Promise<Result<UserWithRole, Failure>> {
  const judged = await judgeOrder(parts, order)
  if (!judged.ok) return judged
  return untilSettled(async () => {
    const added = await addOrdered(parts, actor, { ...order, ...judged.value })
    if (added === 'clash') return fail({ reason: 'email_taken' })
    return added
  })
}

type Ordered = Omit<NewUserOrder, 'password'> & JudgedOrder

/** What is written with a new user: of the user as they are by then. */
type WithUser = (user: User, now: Date) => Also & { readonly token?: OneTimeToken }

/** Adds a user of a judged order; `clash` where the address has just become another's. */
export async function addOrdered(
  parts: ServiceParts,
  actor: Principal,
  order: Ordered,
  { invites = false, also = () => ({}) }: { readonly invites?: boolean; readonly also?: WithUser } = {},
): Promise<Result<UserWithRole, Failure> | typeof changed | 'clash'> {
  const { world } = parts
  const role = await admitRole(parts, await rulingOrdinaryPeople(world, actor), undefined)
  if (!role.ok) return role
  const now = world.now()
  const drawn = userOf(order, { id: order.id ?? world.newId(), roleId: role.value.id, now })
  if (!drawn.ok) return drawn
  const user = { ...drawn.value, invitedAt: invites ? now : undefined }
  const { token, ...beside } = also(user, now)
  const outcome = await world.store.addUser(user, { roleVersion: role.value.version, token, ...beside })
  if (outcome === 'added') return ok({ user, role: role.value })
  if (outcome === 'stale') return changed
  if (outcome === 'email_taken') return 'clash'
  return fail({ reason: outcome === 'email_kept' ? 'email_taken' : outcome })
}

function userOf(
  order: Ordered,
  { id, roleId, now }: { readonly id: string; readonly roleId: string; readonly now: Date },
): Result<User, Failure> {
  const { email, phone, passwordHash, emailConfirmed, phoneConfirmed } = order
  const vouched = email !== undefined && emailConfirmed
  const said = { ...order.userMetadata, ...(vouched && { email_verified: true }) }
  const metadata = judgeMetadataChange({}, said)
  if (!metadata.ok) return metadata
  const appMetadata = judgeMetadataChange({}, order.appMetadata ?? {})
  if (!appMetadata.ok) return appMetadata
  const says = { email, ...unsaid, locale: order.locale, metadata: metadata.value.set }
  const fresh = newUser(says, { id, roleId, passwordHash, now })
  return ok({
    ...fresh,
    signInPhone: phone,
    emailConfirmedAt: vouched ? now : undefined,
    phoneConfirmedAt: phone !== undefined && phoneConfirmed ? now : undefined,
    appMetadata: appMetadata.value.set,
    claimRole: order.claimRole ?? fresh.claimRole,
    bannedUntil: bannedUntil(order.ban, now) ?? undefined,
  })
}

const unsaid = {
  username: undefined,
  name: undefined,
  surname: undefined,
  phone: undefined,
  avatarUrl: undefined,
} as const
