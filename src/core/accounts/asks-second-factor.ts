import type { Policy } from '../policy.ts'
import type { Assurance } from '../tokens/access-claims.ts'
import type { Role } from './role.ts'

/** Says whether the people of a role must sign in with a second factor: by the role itself, or by the operator's list. */
export function asksSecondFactor(
  { accounts }: Pick<Policy, 'accounts'>,
  { name, secondFactorRequired }: Pick<Role, 'name' | 'secondFactorRequired'>,
): boolean {
  return secondFactorRequired || accounts.secondFactorRoles.includes(name)
}

/** Says whether a session was opened with less than its role asks for: it can do nothing but set a second factor up. */
export function lacksSecondFactor(
  policy: Pick<Policy, 'accounts'>,
  role: Pick<Role, 'name' | 'secondFactorRequired'>,
  level: Assurance['level'],
): boolean {
  return level < 2 && asksSecondFactor(policy, role)
}
