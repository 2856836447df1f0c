import { formatScope } from '../permissions.ts'
import { type AccessTokenClaims, type FaceClaims, parseAccessClaims } from './access-claims.ts'

/** The `aud` of every token of the Supabase face: what the libraries of its clients look for. */
export const supabaseAudience = 'authenticated'

/** The claims of a token of the Supabase face: those that its clients read, and ours beside them. */
export function spellSupabaseClaims(claims: AccessTokenClaims, face: FaceClaims): object {
  return {
    iss: claims.issuer,
    sub: claims.subject,
    aud: supabaseAudience,
    exp: claims.expiresAt,
    iat: claims.issuedAt,
    email: face.email,
    phone: face.phone,
    app_metadata: face.appMetadata,
    user_metadata: face.userMetadata,
    role: face.role,
    aal: `aal${claims.assurance?.level ?? 1}`,
    amr: face.methods,
    session_id: claims.sessionId,
    is_anonymous: face.isAnonymous,
    jti: claims.tokenId,
    sid: claims.sessionId,
    client_id: claims.clientId,
    scope: formatScope(claims.permissions),
    auth_time: claims.assurance?.authenticatedAt,
    ...(face.secondFactorDue && { second_factor_due: true }),
  }
}

/**
 * Reads a payload of the Supabase face; undefined when a claim is not what it must be. It is for whatever a person's
 * token is for: `audiences` are ours, by their own names.
 */
export function parseSupabaseClaims(
  payload: Readonly<Record<string, unknown>>,
  latestNow: number,
  audiences: readonly string[],
): AccessTokenClaims | undefined {
  const face = parseFace(payload)
  const level = levels.get(payload['aal'])
  if (face === undefined || level === undefined || payload['session_id'] !== payload['sid']) return undefined
  const amr = face.methods.map(({ method }) => method)
  const claims = parseAccessClaims({ ...payload, aal: level, amr }, latestNow)
  return claims?.assurance && { ...claims, audiences, face }
}

const levels: ReadonlyMap<unknown, 1 | 2> = new Map([
  ['aal1', 1],
  ['aal2', 2],
])

function parseFace(payload: Readonly<Record<string, unknown>>): FaceClaims | undefined {
  const { role, email, phone, app_metadata, user_metadata, is_anonymous, amr, second_factor_due } = payload
  if (typeof role !== 'string' || typeof email !== 'string' || typeof phone !== 'string') return undefined
  if (!isRecord(app_metadata) || !isRecord(user_metadata) || typeof is_anonymous !== 'boolean')
    return undefined
  if (!Array.isArray(amr) || !amr.every(isMethod)) return undefined
  return {
    kind: 'supabase',
    role,
    email,
    phone,
    appMetadata: app_metadata,
    userMetadata: user_metadata,
    isAnonymous: is_anonymous,
    // Whatever else it might be: in doubt it is due.
    secondFactorDue: second_factor_due !== undefined,
    methods: amr,
  }
}

function isMethod(value: unknown): value is FaceClaims['methods'][number] {
  return isRecord(value) && typeof value['method'] === 'string' && Number.isSafeInteger(value['timestamp'])
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
