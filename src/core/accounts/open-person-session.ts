import { auditEvent } from '../audit/event.ts'
import type { Caller } from '../caller.ts'
import { cleanText } from '../keys/clean-text.ts'
import type { World } from '../ports.ts'
import { changed } from '../race.ts'
import type { ServiceParts } from '../service-parts.ts'
import { mintPersonAccessToken, type PersonTokens, personTokensTold } from '../tokens/person-tokens.ts'
import { mintRefreshToken } from '../tokens/refresh-token.ts'
import type { AssuranceLevel, PersonSession, SessionFace } from '../tokens/session.ts'
import { sessionEnds, sessionLifetimes } from '../tokens/session-lifetimes.ts'
import type { Redemption } from './account-store.ts'
import type { QueuedMail } from './mail.ts'
import { mailToPerson } from './mail-to-person.ts'
import type { SignInMethod, SignInOutcome, SignInRecord } from './sign-in-record.ts'
import { type Attempt, settledBy } from './sign-in-throttle.ts'
import type { User, UserWithRole } from './user.ts'

/** How somebody has proven who they are. */
export interface SignInProof {
  readonly aal: AssuranceLevel
  /** Methods of RFC 8176: `pwd`, `otp`, `mfa`. */
  readonly amr: readonly string[]
  /** The last thing that was shown. */
  readonly method: SignInMethod
  /** The attempt that has come to a good end; undefined where none was counted. */
  readonly attempt: Attempt | undefined
  /** Where the session is opened, which says how long it lives; undefined for the native face. */
  readonly face?: SessionFace | undefined
  /** What is used up with the opening. */
  readonly redeems?: Redemption | undefined
  /** All that the session may do of what its person may; undefined for all of it. */
  readonly permissions?: readonly string[] | undefined
}

/**
 * Opens the session of somebody who has proven who they are, and commits it with what the log and the owner are told
 * before the tokens are answered. `changed` when the user is no longer as they were judged, or what it redeems was used.
 */
export async function openPersonSession(
  parts: ServiceParts,
  { user, role }: UserWithRole,
  { proof, caller, now }: { readonly proof: SignInProof; readonly caller: Caller; readonly now: Date },
): Promise<PersonTokens | typeof changed> {
  const { world } = parts
  const { session, refresh } = newSession(parts, user, { proof, caller, now })
  const tokenId = world.newId()
  const told = { userId: user.id, sessionId: session.id, tokenId }
  const opened = await world.store.openPersonSession({
    session,
    userVersion: user.version,
    redeems: proof.redeems,
    signIn: signInRecord(world, { userId: user.id, method: proof.method, outcome: 'success', now }, caller),
    device: deviceOf(world, caller),
    newDeviceMail: () => newDeviceMail(world, user, { caller, now }),
    settled: proof.attempt === undefined ? { cleared: [], givenBack: [] } : settledBy(proof.attempt),
    event: auditEvent(world, personTokensTold('sign-in', told), caller),
  })
  if (!opened) return changed
  const token = await mintPersonAccessToken(parts, { session, user, role }, { tokenId, now })
  return { ...token, refresh, refreshExpiresAt: session.expiresAt, userId: user.id }
}

function newDeviceMail(
  world: World,
  user: User,
  { caller, now }: { readonly caller: Caller; readonly now: Date },
): QueuedMail {
  const { address = '', userAgent } = caller
  const facts = { at: now.toISOString(), address, userAgent: cleanText(userAgent) ?? '' }
  return mailToPerson(world, { user, kind: 'new-device', facts }, now)
}

/** What tells the device of a caller again: its network site. Undefined where that is not known. */
export function deviceOf(
  { vault, addresses }: Pick<World, 'vault' | 'addresses'>,
  { address }: Caller,
): string | undefined {
  return address === undefined ? undefined : vault.digest('device', addresses.site(address))
}

export function signInRecord(
  world: Pick<World, 'newId'>,
  of: {
    readonly userId: string | undefined
    readonly method: SignInMethod
    readonly outcome: SignInOutcome
    readonly now: Date
  },
  { address, userAgent, requestId }: Caller,
): SignInRecord {
  const { userId, method, outcome, now } = of
  return {
    id: world.newId(),
    userId,
    at: now,
    address,
    userAgent: cleanText(userAgent),
    method,
    outcome,
    requestId,
  }
}

function newSession(
  { world, policy }: ServiceParts,
  user: User,
  { proof, caller, now }: { readonly proof: SignInProof; readonly caller: Caller; readonly now: Date },
): { readonly session: PersonSession; readonly refresh: string } {
  const id = world.newId()
  const refresh = mintRefreshToken(world, id)
  const face = proof.face ?? 'native'
  const lifetimes = sessionLifetimes(policy, face)
  const session: PersonSession = {
    id,
    userId: user.id,
    refreshDigest: world.vault.digest('refresh-token', refresh),
    previousRefreshDigest: undefined,
    rotates: true,
    permissions: proof.permissions,
    audiences: undefined,
    accessTtlSeconds: lifetimes.accessTtlSeconds,
    createdAt: now,
    expiresAt: sessionEnds(now, lifetimes),
    lastUsedAt: now,
    revokedAt: undefined,
    aal: proof.aal,
    amr: proof.amr,
    authenticatedAt: now,
    address: caller.address,
    userAgent: cleanText(caller.userAgent),
    face,
  }
  return { session, refresh }
}
