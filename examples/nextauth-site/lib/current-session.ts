import { cookies } from 'next/headers'
import type { Session } from 'next-auth'
import type { JWT } from 'next-auth/jwt'
import { readSession, sessionMaxAgeSeconds } from './session-cookie'

/** The session of the request, with its tokens: for the server alone. */
export async function currentSession(): Promise<JWT | undefined> {
  return readSession((await cookies()).getAll())
}

/** What page script may know of it. */
export function sessionToShow({ sub, name, email, exp }: JWT): Session {
  const seconds = typeof exp === 'number' ? exp : Date.now() / 1000 + sessionMaxAgeSeconds
  return {
    expires: new Date(seconds * 1000).toISOString(),
    user: { id: sub ?? '', name: name ?? null, email: email ?? null },
  }
}
