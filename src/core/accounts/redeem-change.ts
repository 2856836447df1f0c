import { auditEvent } from '../audit/event.ts'
import type { Caller } from '../caller.ts'
import { changed, untilSettled } from '../race.ts'
import type { ServiceParts } from '../service-parts.ts'
import { personClientId } from '../tokens/access-claims.ts'
import { admitUser } from './admit-user.ts'
import { undoLink } from './confirm-email-change.ts'
import type { OneTimeToken, OneTimeTokenPurpose } from './one-time-token.ts'
import { isUsable } from './one-time-token-text.ts'

/** What a token has changed of its user: nothing where it is for no change, or half of it while another mailbox must agree. */
export type MadeChange = 'none' | 'half' | 'whole' | 'refused'

interface Moment {
  readonly caller: Caller
  readonly now: Date
}

/** Makes the change of address or number that a token is for. Whoever lost a race, for it or for the address, asks anew. */
export async function makeChange(
  parts: ServiceParts,
  token: OneTimeToken,
  moment: Moment,
): Promise<MadeChange> {
  const other = otherHalf[token.purpose]
  if (other !== undefined) return untilSettled(() => changeAddress(parts, { token, other }, moment))
  return token.purpose === 'phone-change' ? changePhone(parts, token, moment) : 'none'
}

const otherHalf: Readonly<Partial<Record<OneTimeTokenPurpose, OneTimeTokenPurpose>>> = {
  'supabase-email-change': 'supabase-email-change-current',
  'supabase-email-change-current': 'supabase-email-change',
}

async function changeAddress(
  { world, memory }: ServiceParts,
  { token, other }: { readonly token: OneTimeToken; readonly other: OneTimeTokenPurpose },
  { caller, now }: Moment,
): Promise<MadeChange | typeof changed> {
  const record = await world.store.findAccountRecord(token.userId)
  const kept = await world.store.findOneTimeToken(token.id)
  if (record === undefined || kept === undefined || !isUsable(kept, now)) return 'refused'
  if (!admitUser(record.user, now).ok) return 'refused'
  const newest = (purpose: OneTimeTokenPurpose) => record.newest.find((one) => one.purpose === purpose)
  const half = newest(other)
  if (half !== undefined && isUsable(half, now)) {
    return (await world.store.useHalf(token, { purpose: other, at: now })) ? 'half' : changed
  }
  const toNew = newest('supabase-email-change')
  // The half that names the address must have been shown, or be the one that is.
  const named = token.purpose === 'supabase-email-change' || toNew?.usedAt !== undefined
  if (!named || toNew?.email === undefined) return 'refused'
  const { user } = record
  const { id: userId, email: from } = user
  const to = toNew.email
  const undo =
    from === undefined || user.emailConfirmedAt === undefined ? undefined : undoLink(world, { user, to }, now)
  const told = { kind: 'user.email-change', clientId: personClientId, userId, target: userId } as const
  const outcome = await world.store.changeEmail({
    token,
    from,
    to,
    at: now,
    undo: undo?.token,
    event: auditEvent(world, told, caller),
    mails: undo === undefined ? [] : [undo.mail],
  })
  if (outcome !== 'changed') return 'refused'
  memory.people.forget(userId)
  return 'whole'
}

async function changePhone(
  { world, memory }: ServiceParts,
  token: OneTimeToken,
  { caller, now }: Moment,
): Promise<MadeChange> {
  const { userId } = token
  const told = { kind: 'user.phone-change', clientId: personClientId, userId, target: userId } as const
  const outcome = await world.store.changePhone(token, { at: now, event: auditEvent(world, told, caller) })
  if (outcome !== 'changed') return 'refused'
  memory.people.forget(userId)
  return 'whole'
}
