import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { contextWords, judgePassword } from './password-rules.ts'
import type { Passwords } from './passwords.ts'

/**
 * Says whether a password may be chosen for an account, whose own words (its address, its names, where it is) are what a
 * stranger would try.
 */
export async function admitPassword(
  passwords: Pick<Passwords, 'common'>,
  password: string,
  { minLength, words }: { readonly minLength: number; readonly words: readonly (string | undefined)[] },
): Promise<Result<void, Failure>> {
  const rules = { minLength, words: contextWords(words), common: await passwords.common() }
  const judged = judgePassword(password, rules)
  if (judged.ok) return ok(undefined)
  return fail({ reason: 'password_unacceptable', problem: judged.failure.rule, minLength, field: 'password' })
}
