import type { Failure } from '../failure.ts'
import type { Policy } from '../policy.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { asksSecondFactor } from './asks-second-factor.ts'
import { contextWords, judgePassword, passwordMinLengthWithFactor } from './password-rules.ts'
import type { Role } from './role.ts'
import type { User } from './user.ts'

/** Whose password it is to be. */
export interface PasswordOwner extends Pick<User, 'email' | 'username' | 'name' | 'surname'> {
  readonly role: Pick<Role, 'name' | 'secondFactorRequired'>
}

/**
 * Says whether a user may choose a password: one rule wherever one is set. Their own words (the address, the names, where
 * the account is) are what a stranger would try.
 */
export async function admitNewPassword(
  { world, policy }: Pick<ServiceParts, 'world' | 'policy'>,
  { email, username, name, surname, role }: PasswordOwner,
  password: string,
): Promise<Result<void, Failure>> {
  const minLength = passwordMinLengthOf(policy, role)
  const words = contextWords([email, username, name, surname, URL.parse(policy.issuer)?.hostname])
  const judged = judgePassword(password, { minLength, words, common: await world.passwords.common() })
  if (judged.ok) return ok(undefined)
  return fail({ reason: 'password_unacceptable', problem: judged.failure.rule, minLength, field: 'password' })
}

/**
 * A shorter one will do where no sign-in is without a second factor (NIST SP 800-63B-4 §3.1.1.2): by the role, and not
 * because somebody has one today, who may take it away tomorrow.
 */
function passwordMinLengthOf(policy: Pick<Policy, 'accounts'>, role: PasswordOwner['role']): number {
  const { passwordMinLength } = policy.accounts
  return asksSecondFactor(policy, role)
    ? Math.min(passwordMinLength, passwordMinLengthWithFactor)
    : passwordMinLength
}
