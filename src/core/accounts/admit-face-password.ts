import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { contextWords, judgePassword } from './password-rules.ts'
import type { User } from './user.ts'

/** What bcrypt reads of a password, which those who came from elsewhere may have been hashed with. */
const PASSWORD_MAX_BYTES = 72
const bytes = new TextEncoder()

/**
 * Says whether somebody may choose a password at the Supabase face: its own least length, and otherwise the one rule. The
 * length is told before all else, as its clients expect.
 */
export async function admitFacePassword(
  { world, policy }: Pick<ServiceParts, 'world' | 'policy'>,
  owner: Partial<Pick<User, 'email' | 'username' | 'name' | 'surname'>>,
  password: string,
): Promise<Result<void, Failure>> {
  const { passwordMinLength: minLength } = policy.supabase
  const refused = (problem: 'too_long' | 'common' | 'context_word' | 'malformed' | 'too_short') =>
    fail({ reason: 'password_unacceptable', problem, minLength, field: 'password' } as const)
  if (bytes.encode(password).byteLength > PASSWORD_MAX_BYTES) return refused('too_long')
  const { email, username, name, surname } = owner
  const words = contextWords([email, username, name, surname, URL.parse(policy.issuer)?.hostname])
  const judged = judgePassword(password, { minLength, words, common: await world.passwords.common() })
  return judged.ok ? ok(undefined) : refused(judged.failure.rule)
}
