import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { AccountWish } from './account-wish.ts'
import type { ActingSession } from './acting-session.ts'
import { isMailedCode } from './mailed-code.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { clearProofTries, takeProofTry } from './proof-tries.ts'
import type { User } from './user.ts'

/** As long as a sign-in vouches for who is at the screen. */
const SIGN_IN_VOUCHES_MS = 86_400_000

/**
 * Has somebody who is signed in show what a new password asks for by the operator's choice: the one of before, a code
 * that was sent. Answers the token of the code, which is used up with the change.
 */
export async function proveForPassword(
  parts: Pick<ServiceParts, 'world' | 'policy'>,
  { user, session }: ActingSession,
  wish: Pick<AccountWish, 'currentPassword' | 'code'>,
  now: Date,
): Promise<Result<OneTimeToken | undefined, Failure>> {
  const { world, policy } = parts
  const { passwordHash } = user
  const isDue = policy.supabase.asksCurrentPassword && session.amr.includes('pwd')
  if (passwordHash !== undefined && isDue && wish.currentPassword === undefined) {
    return fail({ reason: 'reauthentication_needed', field: 'current_password' })
  }
  if (passwordHash !== undefined && wish.currentPassword !== undefined) {
    const counted = await takeProofTry(world, user.id, now)
    if (!counted.ok) return counted
    const right = await world.passwords.verify(wish.currentPassword, passwordHash)
    if (!right) return fail({ reason: 'reauthentication_failed', field: 'current_password' })
    await clearProofTries(world, user.id)
  }
  const isOld = now.getTime() - session.createdAt.getTime() > SIGN_IN_VOUCHES_MS
  if (!policy.supabase.reauthenticates || !isOld) return ok(undefined)
  if (wish.code === undefined) return fail({ reason: 'reauthentication_needed', field: 'code' })
  const token = await findReauthentication(parts, { user, code: wish.code }, now)
  return token === undefined ? fail({ reason: 'reauthentication_failed', field: 'code' }) : ok(token)
}

/** The code that was sent last to this person. Each look costs one of its tries. */
async function findReauthentication(
  { world }: Pick<ServiceParts, 'world'>,
  { user, code }: { readonly user: User; readonly code: string },
  now: Date,
): Promise<OneTimeToken | undefined> {
  const { email, signInPhone: phone = '' } = user
  const to = email === undefined ? { phone } : { email }
  const sent = await world.store.takeCodeAttempts({ purposes: ['reauthentication'], to }, now)
  return sent.find(
    ({ id, userId, codeDigest }) =>
      userId === user.id &&
      codeDigest !== undefined &&
      isMailedCode(world, { forId: id, code, digest: codeDigest }),
  )
}
