import type { JWT } from 'next-auth/jwt'
import { refresh } from './guichet'

/** What came of a look at a session's access token. */
export type Renewal =
  | { readonly kind: 'fresh'; readonly session: JWT }
  | { readonly kind: 'renewed'; readonly session: JWT }
  /** Its refresh token is no longer good: the session was ended, or its time is over. */
  | { readonly kind: 'over' }

/** The renewals that this process is waiting for, by the refresh token that they show. */
const underWay = new Map<string, Promise<Renewal>>()

/**
 * Renews the tokens of a session whose access token is in the last fifth of its life. Requests at once share one renewal;
 * those in another process, or with the cookie of before, show the same refresh token and get the same next one.
 */
export async function renew(session: JWT): Promise<Renewal> {
  if (!isDue(session.accessToken)) return { kind: 'fresh', session }
  const { refreshToken } = session
  const waited = underWay.get(refreshToken) ?? renewNow(session).finally(() => underWay.delete(refreshToken))
  underWay.set(refreshToken, waited)
  return waited
}

async function renewNow(session: JWT): Promise<Renewal> {
  const answer = await refresh(session.refreshToken)
  if (answer.ok) {
    const { access_token: accessToken, refresh_token: refreshToken } = answer.value
    return { kind: 'renewed', session: { ...session, accessToken, refreshToken } }
  }
  // Guichet may be back at the next request: nobody is signed out because it did not answer.
  const passing = answer.problem.kind === 'unreachable' || answer.problem.kind === 'wait'
  return passing ? { kind: 'fresh', session } : { kind: 'over' }
}

function isDue(accessToken: string): boolean {
  const { iat = 0, exp = 0 } = claimsOf(accessToken)
  return Date.now() / 1000 >= exp - (exp - iat) / 5
}

/** What a token says of itself. Not verified: it came from Guichet, and lies in a cookie that we sealed. */
function claimsOf(token: string): { readonly iat?: number; readonly exp?: number } {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  } catch {
    return {}
  }
}
