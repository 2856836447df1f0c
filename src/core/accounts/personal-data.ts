import type { StoredAuditEvent } from '../audit/audit-store.ts'
import type { Actor } from '../caller.ts'
import type { Client } from '../clients/client.ts'
import type { Failure } from '../failure.ts'
import type { ApiKey } from '../keys/api-key.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonSession } from '../tokens/session.ts'
import type { Profile } from './application-profile.ts'
import type { Factor } from './factor.ts'
import type { Identity } from './identity.ts'
import type { MessageKind } from './mail.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { personOf } from './person-of.ts'
import type { SignInRecord } from './sign-in-record.ts'
import type { UserWithRole } from './user.ts'

/** Rows of one kind, the newest first, at most. */
export const personalDataRowsMax = 10_000

/** All that is held about a person. Nothing that one could sign in or sign with is in it: no hash, no sealed text. */
export interface PersonalData extends UserWithRole {
  /** What the application's row had from us at first; its further columns are the application's to tell. */
  readonly profile: Profile | undefined
  readonly identities: readonly Identity[]
  /** Also those that are over, for as long as they are kept. */
  readonly sessions: readonly Omit<PersonSession, 'refreshDigest' | 'previousRefreshDigest'>[]
  readonly signIns: readonly SignInRecord[]
  readonly devices: readonly { readonly lastSeenAt: Date }[]
  readonly factors: readonly Omit<Factor, 'sealedSecret' | 'lastStep'>[]
  readonly recoveryCodes: readonly { readonly createdAt: Date; readonly usedAt: Date | undefined }[]
  readonly links: readonly Omit<OneTimeToken, 'digest' | 'attemptsLeft'>[]
  readonly mails: readonly {
    readonly kind: MessageKind
    readonly createdAt: Date
    readonly sentAt: Date | undefined
  }[]
  readonly clients: readonly Client[]
  readonly keys: readonly Omit<ApiKey, 'digest' | 'canary'>[]
  readonly events: readonly StoredAuditEvent[]
}

/** The data of the person who asks (GDPR article 20). */
export async function exportPersonalData(
  { world }: ServiceParts,
  actor: Actor,
): Promise<Result<PersonalData, Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const { userId } = person.value
  const data = await world.store.findPersonalData(userId)
  return data === undefined ? fail({ reason: 'person_needed' }) : ok(data)
}
