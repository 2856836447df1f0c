import type { Eventually } from '../eventually.ts'
import { formatScope } from '../permissions.ts'
import type { AccessTokenClaims, Assurance, Delegate } from './access-claims.ts'
import type { SigningKey } from './signing-keys.ts'
import { spellSupabaseClaims } from './supabase-claims.ts'

/** Signs the claims as a compact JWS of type `at+jwt`; those for another face as a `JWT` in its words. */
export function mintAccessToken(
  claims: AccessTokenClaims,
  key: Pick<SigningKey, 'sign' | 'accessTokenHeader' | 'jwtHeader'>,
): Eventually<string> {
  if (claims.face !== undefined) {
    return key.sign(key.jwtHeader, JSON.stringify(spellSupabaseClaims(claims, claims.face)))
  }
  const payload = JSON.stringify({
    iss: claims.issuer,
    sub: claims.subject,
    aud: claims.audiences.length === 1 ? claims.audiences[0] : claims.audiences,
    client_id: claims.clientId,
    key_id: claims.keyId,
    sid: claims.sessionId,
    jti: claims.tokenId,
    scope: formatScope(claims.permissions),
    ...(claims.parentTokenIds.length > 0 && { parents: claims.parentTokenIds }),
    ...(claims.assurance && spellAssurance(claims.assurance)),
    ...(claims.delegate && { act: spellDelegate(claims.delegate) }),
    iat: claims.issuedAt,
    exp: claims.expiresAt,
  })
  return key.sign(key.accessTokenHeader, payload)
}

/** The claims that a person's token has instead of a key. */
export function spellAssurance({ level, methods, authenticatedAt }: Assurance): object {
  return { aal: level, amr: methods, auth_time: authenticatedAt }
}

/** The `act` claim: the one who acts now outside, those before within. */
export function spellDelegate({ subject, clientId, keyId, sessionId, before }: Delegate): object {
  return {
    sub: subject,
    client_id: clientId,
    key_id: keyId,
    sid: sessionId,
    ...(before && { act: spellDelegate(before) }),
  }
}
