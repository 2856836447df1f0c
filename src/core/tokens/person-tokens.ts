import { lacksSecondFactor } from '../accounts/asks-second-factor.ts'
import type { UserWithRole } from '../accounts/user.ts'
import type { AuditDraft } from '../audit/event.ts'
import { intersect } from '../permissions.ts'
import type { Policy } from '../policy.ts'
import type { ServiceParts } from '../service-parts.ts'
import { type Assurance, type FaceClaims, personClientId } from './access-claims.ts'
import { faceClaimsOf } from './face-claims.ts'
import { handOut } from './hand-out.ts'
import type { PersonSession, SessionWithUser } from './session.ts'
import type { AccessToken } from './session-tokens.ts'

/** The tokens that a person is given, at sign-in and at each refresh. */
export interface PersonTokens extends AccessToken {
  readonly refresh: string
  readonly refreshExpiresAt: Date
  readonly userId: string
}

/** Mints an access token of a person's session that has been admitted at `now`: it holds what the role permits today. */
export async function mintPersonAccessToken(
  parts: ServiceParts,
  { session, user, role }: SessionWithUser,
  { tokenId, now }: { readonly tokenId: string; readonly now: Date },
): Promise<AccessToken> {
  const { policy } = parts
  const issuedAt = Math.floor(now.getTime() / 1000)
  const ttlSeconds = session.accessTtlSeconds ?? policy.userAccessTtlSeconds
  const permissions = permissionsOf(policy, { session, role })
  const face = faceClaimsOf(session, user)
  const access = await handOut(
    parts,
    {
      issuer: face === undefined ? policy.issuer : policy.supabase.issuer,
      subject: user.id,
      audiences: session.audiences ?? policy.audiences,
      clientId: personClientId,
      keyId: undefined,
      assurance: assuranceOf(session, face),
      sessionId: session.id,
      tokenId,
      permissions,
      parentTokenIds: [],
      delegate: undefined,
      face,
      issuedAt,
      expiresAt: issuedAt + ttlSeconds,
    },
    now,
  )
  const accessExpiresAt = new Date((issuedAt + ttlSeconds) * 1000)
  return { access, accessExpiresAt, permissions, sessionId: session.id, tokenId }
}

/** What a session of a person may do today. */
export function permissionsOf(
  policy: Policy,
  { session, role }: Pick<UserWithRole, 'role'> & { readonly session: PersonSession },
): readonly string[] {
  if (lacksSecondFactor(policy, role, session.aal)) return []
  return session.permissions === undefined
    ? role.permissions
    : intersect(role.permissions, session.permissions)
}

/** What is told of tokens that a person was given. */
export function personTokensTold(
  kind: AuditDraft['kind'],
  { userId, sessionId, tokenId }: Pick<PersonTokens, 'userId' | 'sessionId' | 'tokenId'>,
): AuditDraft {
  return { kind, clientId: personClientId, userId, sessionId, details: { token_id: tokenId } }
}

function assuranceOf({ aal, amr, authenticatedAt }: PersonSession, face: FaceClaims | undefined): Assurance {
  // As whoever reads the token finds them: it says them once.
  const methods = face?.methods.map(({ method }) => method) ?? amr
  return { level: aal, methods, authenticatedAt: Math.floor(authenticatedAt.getTime() / 1000) }
}
