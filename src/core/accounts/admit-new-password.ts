import type { Failure } from '../failure.ts'
import type { Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitPassword } from './password.ts'
import type { User } from './user.ts'

/** Says whether a user may choose a password: one rule wherever one is set. */
export function admitNewPassword(
  { world, policy }: Pick<ServiceParts, 'world' | 'policy'>,
  { email, username, name, surname }: Pick<User, 'email' | 'username' | 'name' | 'surname'>,
  password: string,
): Promise<Result<void, Failure>> {
  return admitPassword(world.passwords, password, {
    minLength: policy.accounts.passwordMinLength,
    words: [email, username, name, surname, URL.parse(policy.issuer)?.hostname],
  })
}
