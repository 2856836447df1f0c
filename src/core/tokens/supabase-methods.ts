import type { FaceClaims } from './access-claims.ts'
import type { PersonSession } from './session.ts'

/** How the clients of the Supabase face call the methods of ours; one that is not here keeps its name. */
const names: Readonly<Record<string, string>> = {
  pwd: 'password',
  otp: 'totp',
  email: 'otp',
  link: 'otp',
  sms: 'otp',
  recovery_code: 'otp',
}

/** The `amr` of a session on the Supabase face, the newest first; that there were several says `aal`. */
export function supabaseMethods({
  amr,
  createdAt,
  authenticatedAt,
}: Pick<PersonSession, 'amr' | 'createdAt' | 'authenticatedAt'>): FaceClaims['methods'] {
  const shown = amr.filter((method) => method !== 'mfa')
  return shown
    .map((method, index) => {
      const at = index === shown.length - 1 ? authenticatedAt : createdAt
      return { method: names[method] ?? method, timestamp: Math.floor(at.getTime() / 1000) }
    })
    .reverse()
}
