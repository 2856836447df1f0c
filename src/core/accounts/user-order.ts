import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { UserStandingChange } from './administration-store.ts'
import { parseEmail } from './email.ts'

/** What one of the operator's programs says of a user; undefined says nothing. */
export interface UserOrder {
  readonly email: string | undefined
  /** As `parsePhone` leaves it. */
  readonly phone: string | undefined
  readonly password: string | undefined
  /** As another system made it. */
  readonly passwordHash: string | undefined
  /** True where the program vouches for it. */
  readonly emailConfirmed: boolean
  readonly phoneConfirmed: boolean
  readonly userMetadata: Readonly<Record<string, unknown>> | undefined
  readonly appMetadata: Readonly<Record<string, unknown>> | undefined
  readonly claimRole: string | undefined
  /** In seconds from now; `none` ends one. */
  readonly ban: number | 'none' | undefined
}

/** The same with an address and a hash that can be kept. */
export interface JudgedOrder {
  readonly email: string | undefined
  readonly passwordHash: string | undefined
}

/** Longer ones would be cut by what such passwords were hashed with before; clients know this limit. */
export const passwordMaxBytes = 72
const bytes = new TextEncoder()

/** Reads the address and hashes the password. How strong that is was the program's to judge. */
export async function judgeOrder(
  { world, policy }: Pick<ServiceParts, 'world' | 'policy'>,
  { email: text, password, passwordHash: brought }: Pick<UserOrder, 'email' | 'password' | 'passwordHash'>,
): Promise<Result<JudgedOrder, Failure>> {
  const email = text === undefined ? undefined : parseEmail(text)
  if (text !== undefined && email === undefined) return fail({ reason: 'email_invalid' })
  if (brought !== undefined) {
    const { problem } = world.passwords.describe(brought)
    return problem === undefined
      ? ok({ email, passwordHash: brought })
      : fail({ reason: 'password_hash_unusable', problem })
  }
  if (password === undefined) return ok({ email, passwordHash: undefined })
  const problem = passwordProblem(password)
  if (problem === undefined) return ok({ email, passwordHash: await world.passwords.hash(password) })
  const minLength = policy.supabase.passwordMinLength
  return fail({ reason: 'password_unacceptable', problem, minLength, field: 'password' })
}

function passwordProblem(password: string): 'malformed' | 'too_long' | undefined {
  if (!password.isWellFormed()) return 'malformed'
  return bytes.encode(password).byteLength > passwordMaxBytes ? 'too_long' : undefined
}

/** Up to when somebody is banned; null for not at all, undefined where nothing is said of it. */
export function bannedUntil(ban: UserOrder['ban'], now: Date): UserStandingChange['bannedUntil'] {
  if (ban === undefined) return undefined
  return ban === 'none' ? null : new Date(now.getTime() + ban * 1000)
}
